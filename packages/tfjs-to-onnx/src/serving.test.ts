import { describe, expect, it } from "vitest";
import { graphFromLayers } from "./index.ts";
import { digitModel, expectSame, opsOf, randomise, runOnnx, runTfjs, save } from "./testing.ts";

const digits = async (seed = 1) => {
  const model = digitModel({ width: 4, dropout: true });
  randomise(model, seed);
  return { model, ...(await save(model)) };
};

const pixelsOf = (count: number): Uint8Array =>
  Uint8Array.from({ length: count * 28 * 28 }, (_, i) => (i * i * 7) % 256);

describe("the digit model, as served", () => {
  it("takes bytes, gives probabilities, and holds nothing but what computes them", async () => {
    const { json, weights } = await digits();
    const { model } = graphFromLayers(json, weights, {
      uint8Input: { scale: 1 / 255, offset: 0 },
      classifier: true,
    });
    expect(opsOf(model)).toEqual(
      [
        ["Reshape", "Cast", "Conv", "Relu", "Conv", "Relu", "MaxPool", "Conv", "Relu", "MaxPool", "Conv", "Relu"],
        ["Flatten", "Gemm", "Softmax", "ReduceMax"],
      ].flat(),
    );
    expect(model.graph.inputs).toEqual([{ name: "pixels", dtype: "uint8", shape: ["batch", 28, 28] }]);
    expect(model.graph.outputs).toEqual([
      { name: "logits", dtype: "float32", shape: ["batch", 10] },
      { name: "probabilities", dtype: "float32", shape: ["batch", 10] },
      { name: "confidence", dtype: "float32", shape: ["batch"] },
    ]);
    expect(model).toMatchObject({ irVersion: 8, opsets: { "": 17 } });
    expect(model.metadata).toMatchObject({ source_format: "tfjs-layers-model", source_writer: "tfjs-layers 4.22.0" });
  });

  it.each([0, -0.5])("answers as TF.js with offset %f", async (offset) => {
    const { model, json, weights } = await digits();
    const scale = 1 / 255;
    const { model: onnx } = graphFromLayers(json, weights, { uint8Input: { scale, offset }, classifier: true });
    const pixels = pixelsOf(3);
    const results = await runOnnx(onnx, { pixels: { data: pixels, shape: [3, 28, 28] } });
    const images = Float32Array.from(pixels, (pixel) => pixel * scale + offset);
    const [expected] = runTfjs(model, [{ data: images, shape: [3, 28, 28, 1] }]);
    expectSame(results.probabilities!, expected!);
    const best = [0, 1, 2].map((row) => Math.max(...expected!.data.subarray(row * 10, row * 10 + 10)));
    expectSame(results.confidence!, { data: Float32Array.from(best), shape: [3] });
  });

  it("divides the logits by the temperature before the softmax, not in its output `logits`", async () => {
    const { json, weights } = await digits();
    const images = { data: Float32Array.from(pixelsOf(1), (pixel) => pixel / 255), shape: [1, 28, 28, 1] };
    const answers = async (temperature: number) => {
      const { model } = graphFromLayers(json, weights, { classifier: { temperature } });
      return runOnnx(model, { [model.graph.inputs[0]!.name]: images });
    };
    const [warm, cool] = [await answers(1), await answers(4)];
    expect(cool.logits).toEqual(warm.logits);
    const exps = Array.from(warm.logits!.data, (logit) => Math.exp(logit / 4));
    const sum = exps.reduce((total, value) => total + value, 0);
    expect(cool.probabilities!.data).toBeAllClose(exps.map((value) => value / sum));
  });

  it("names inputs and outputs as the layers where nothing else is asked for", async () => {
    const { model, json, weights } = await digits();
    const { graph } = graphFromLayers(json, weights).model;
    expect(graph.inputs.map(({ name }) => name)).toEqual(model.inputNames);
    expect(graph.outputs).toEqual([{ name: "dense", dtype: "float32", shape: ["batch", 10] }]);
  });

  it("says which initializers still are TF.js weights", async () => {
    const { json, weights } = await digits();
    const { model, origins } = graphFromLayers(json, weights);
    expect(origins.map(({ initializer }) => initializer)).toEqual(["dense/kernel", "dense/bias"]);
    expect(model.graph.initializers.get("dense/kernel")).toEqual(weights.get("dense/kernel"));
  });
});
