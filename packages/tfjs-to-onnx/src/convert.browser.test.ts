import { decodeModel, encodeModel, float32 } from "@glyphcast/onnx";
import { expect, it } from "vitest";
import { FetchError, graphFromLayers, graphFromModel, modelFromUrl } from "./index.ts";

it("converts in a page", () => {
  const dense = { name: "dense", units: 2, activation: "softmax", batch_input_shape: [null, 3] };
  const json = { class_name: "Sequential", config: { name: "tiny", layers: [{ class_name: "Dense", config: dense }] } };
  const weights = { "dense/kernel": float32([3, 2], [1, 2, 3, 4, 5, 6]), "dense/bias": float32([2], [7, 8]) };
  const { model } = graphFromLayers(json, weights, { classifier: true });
  const { graph } = decodeModel(encodeModel(model));
  expect(graph.nodes.map(({ op }) => op)).toEqual(["Gemm", "Softmax", "ReduceMax"]);
  expect(graph.initializers.get("dense/kernel")).toEqual(weights["dense/kernel"]);
});

const url = new URL("../fixtures/tiny/model.json", import.meta.url).href;

it("reads a model from a server and keeps its weights as small as they are", async () => {
  const { modelJson, weights } = await modelFromUrl(url);
  const { model } = await graphFromModel(modelJson, weights, { weights: "keep" });
  const { graph } = decodeModel(encodeModel(model));
  expect(graph.nodes.map(({ op }) => op)).toEqual([
    ...["DequantizeLinear", "Cast", "Mul", "Add"],
    ...["Transpose", "Conv", "Relu", "ReduceMean", "Gemm", "Softmax"],
  ]);
  expect(graph.initializers.get("conv/kernel/uint8")).toMatchObject({ dtype: "uint8", shape: [16, 3, 3, 3] });
});

it("says which file a server does not have", async () => {
  const missing = url.replace("model.json", "nowhere/model.json");
  const error = await modelFromUrl(missing).catch((caught: unknown) => caught);
  // A development server may answer with a page instead of a status.
  expect(error instanceof FetchError || /is not JSON/.test(`${error}`)).toBe(true);
  expect(`${error}`).toContain("nowhere/model.json");
});
