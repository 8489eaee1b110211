import { describe, expect, it } from "vitest";
import { graphFromLayers, weightsFromParameters } from "./index.ts";
import { digitModel, expectSame, feedsOf, opsOf, randomise, runOnnx, runTfjs, save } from "./testing.ts";

describe("a training graph", () => {
  it("keeps every layer, ends in logits and names weights as TF.js does", async () => {
    const model = digitModel({ width: 2, dropout: true });
    const { json, weights } = await save(model);
    const { model: onnx, origins } = graphFromLayers(json, weights, { training: true });
    const block = ["Conv", "BatchNormalization", "Relu"];
    expect(opsOf(onnx)).toEqual(
      ["Reshape", block, block, "MaxPool", block, "MaxPool", block, "Flatten", "Dropout", "Gemm"].flat(),
    );
    expect(origins.map(({ initializer }) => initializer).toSorted()).toEqual([...weights.keys()].toSorted());
  });

  it("computes and updates what TF.js does with training: true", async () => {
    const model = digitModel({ width: 2 });
    randomise(model);
    const { json, weights } = await save(model);
    const { model: onnx, origins } = graphFromLayers(json, weights, { training: true });
    const [feed] = feedsOf(model, 3);
    const [expected] = runTfjs(model, [feed!], { training: true });
    const results = await runOnnx(onnx, { [onnx.graph.inputs[0]!.name]: feed! });
    const logits = results.logits!;
    const softmax = Array.from({ length: 3 }, (_, row) => {
      const exps = Array.from(logits.data.subarray(row * 10, row * 10 + 10), Math.exp);
      return exps.map((value) => value / exps.reduce((sum, other) => sum + other, 0));
    }).flat();
    expectSame({ data: Float32Array.from(softmax), shape: logits.shape }, expected!);

    const { weights: updated } = await save(model);
    const statistics = origins.filter(({ next }) => next);
    expect(statistics).toHaveLength(8);
    for (const { next, weight } of statistics) {
      const { data, shape } = updated.get(weight)!;
      expectSame(results[next!]!, { data: data as Float32Array, shape });
    }
  });

  it("gives every weight back bit for bit", async () => {
    const model = digitModel({ width: 2, size: 36 });
    randomise(model);
    const { json, weights } = await save(model);
    const { model: onnx, origins } = graphFromLayers(json, weights, { training: true });
    expect(origins.some(({ steps }) => steps.some(({ kind }) => kind === "rows"))).toBe(true);
    const back = weightsFromParameters(origins, onnx.graph.initializers);
    expect(new Map([...back].toSorted())).toEqual(new Map([...weights].toSorted()));
  });
});
