import { decodeModel, encodeModel, float32 } from "@glyphcast/onnx";
import { expect, it } from "vitest";
import { graphFromLayers } from "./index.ts";

it("converts in a page", () => {
  const dense = { name: "dense", units: 2, activation: "softmax", batch_input_shape: [null, 3] };
  const json = { class_name: "Sequential", config: { name: "tiny", layers: [{ class_name: "Dense", config: dense }] } };
  const weights = { "dense/kernel": float32([3, 2], [1, 2, 3, 4, 5, 6]), "dense/bias": float32([2], [7, 8]) };
  const { model } = graphFromLayers(json, weights, { classifier: true });
  const { graph } = decodeModel(encodeModel(model));
  expect(graph.nodes.map(({ op }) => op)).toEqual(["Gemm", "Softmax", "ReduceMax"]);
  expect(graph.initializers.get("dense/kernel")).toEqual(weights["dense/kernel"]);
});
