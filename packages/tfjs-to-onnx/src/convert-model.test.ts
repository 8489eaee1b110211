import { checkModel } from "@glyphcast/onnx";
import { describe, expect, it } from "vitest";
import { graphFromModel, type ModelOptions } from "./convert-model.ts";
import { TestGraph } from "./graph-model/testing.ts";
import { expectSame, noiseOf, opsOf, randomise, runOnnx, save, tfl } from "./testing.ts";

const l = tfl.layers;

async function converted(model: tfl.LayersModel, options: ModelOptions) {
  randomise(model);
  const { json, weights } = await save(model);
  const result = await graphFromModel(json, weights, options);
  checkModel(result.model);
  return result;
}

const photo = (): tfl.LayersModel =>
  tfl.sequential({
    layers: [l.conv2d({ inputShape: [null, null, 3] as unknown as number[], filters: 2, kernelSize: 3, name: "c" })],
  });

describe("shapes", () => {
  it.each<[string, ModelOptions["shapes"], (number | string)[]]>([
    ["by the input's name", { c_input: [1, 9, 8, 3] }, [1, 9, 8, 3]],
    ["of the only input", { "": [4, 9, 8, 3] }, [4, 9, 8, 3]],
    ["in part", { c_input: [null, 9, null, 3] }, ["batch", 9, "width", 3]],
  ])("are fixed %s", async (_, shapes, expected) => {
    const { model } = await converted(photo(), { shapes: shapes! });
    expect(model.graph.inputs[0]!.shape).toEqual(expected);
  });

  it.each<[Record<string, number[]>, RegExp]>([
    [{ other: [1, 9, 8, 3] }, /inputs are c_input/],
    [{ c_input: [1, 9, 8, 4] }, /declares \[\?, \?, \?, 3\]/],
    [{ c_input: [1, 9] }, /declares/],
  ])("are refused where the model contradicts them: %j", async (shapes, message) => {
    await expect(converted(photo(), { shapes })).rejects.toThrow(message);
  });

  it("are fixed in Functional models and in GraphModels", async () => {
    const [a, b] = ["a", "b"].map((name) => tfl.input({ shape: [null, 3], name })) as tfl.SymbolicTensor[];
    const model = tfl.model({ inputs: [a!, b!], outputs: l.add().apply([a!, b!]) as tfl.SymbolicTensor });
    const { model: onnx } = await converted(model, { shapes: { b: [2, 5, 3] } });
    expect(onnx.graph.inputs.map(({ shape }) => shape)).toEqual([
      ["batch", "a_dim1", 3],
      [2, 5, 3],
    ]);

    const graph = new TestGraph();
    const x = graph.input([2, 4], { open: [0, 1], name: "x" });
    graph.nodes.push({ name: "y", op: "Relu", input: [x], attr: {} });
    const shape = { dim: [{ size: "-1" }, { size: "-1" }] };
    const signature = {
      inputs: { given: { name: "x:0", dtype: "DT_FLOAT", tensorShape: shape } },
      outputs: { y: { name: "y:0" } },
    };
    const json = { format: "graph-model", modelTopology: { node: graph.nodes }, signature };
    const { graph: fixed } = (await graphFromModel(json, {}, { shapes: { x: [7, 4] } })).model;
    expect(fixed.inputs).toEqual([{ name: "given", dtype: "float32", shape: [7, 4] }]);
  });
});

describe("shapes of what has none", () => {
  it("are given, those of single numbers too", async () => {
    const unknown = (name: string) => ({ name, op: "Placeholder", attr: { shape: { shape: { unknownRank: true } } } });
    const node = [unknown("x"), unknown("ratio"), { name: "y", op: "Mul", input: ["x", "ratio"] }];
    const json = { format: "graph-model", modelTopology: { node } };
    await expect(graphFromModel(json, {})).rejects.toThrow(/--shape NAME=1,224,224,3/);
    const { graph } = (await graphFromModel(json, {}, { shapes: { x: [null, 4], ratio: [] } })).model;
    expect(graph.inputs.map(({ shape }) => shape)).toEqual([["batch", 4], []]);
  });
});

describe("softmax", () => {
  const dense = (activation?: "softmax" | "sigmoid"): tfl.LayersModel =>
    tfl.sequential({ layers: [l.dense({ inputShape: [3], units: 4, name: "d", ...(activation && { activation }) })] });

  it("is appended to logits only", async () => {
    const [logits, ended] = [
      await converted(dense(), { softmax: true }),
      await converted(dense("softmax"), { softmax: true }),
    ];
    expect(opsOf(logits.model)).toEqual(["Gemm", "Softmax"]);
    expect(opsOf(ended.model)).toEqual(["Gemm", "Softmax"]);
    expect([logits.softmaxAppended, ended.softmaxAppended]).toEqual([true, false]);
    const { d } = await runOnnx(logits.model, { d_input: { data: noiseOf(1, 3), shape: [1, 3] } });
    expect(Array.from(d!.data).reduce((a, b) => a + b, 0)).toBeCloseTo(1);
  });

  it("is refused after a sigmoid, and where there are several outputs", async () => {
    await expect(converted(dense("sigmoid"), { softmax: true })).rejects.toThrow(/sigmoid/);
    const x = tfl.input({ shape: [3] });
    const outputs = [1, 2].map((units) => l.dense({ units }).apply(x) as tfl.SymbolicTensor);
    await expect(converted(tfl.model({ inputs: x, outputs }), { softmax: true })).rejects.toThrow(/2 outputs/);
  });
});

describe("outputLayout", () => {
  it.each([1, 2])("nchw leaves no Transpose behind a convolution of %d filters", async (filters) => {
    const model = tfl.sequential({
      layers: [l.conv2d({ inputShape: [6, 5, 3], filters, kernelSize: 3, name: "c" }), l.reLU({ name: "r" })],
    });
    const nchw = await converted(model, { inputLayout: "nchw", outputLayout: "nchw" });
    expect(opsOf(nchw.model)).toEqual(["Conv", "Relu"]);
    expect(nchw.model.graph.outputs).toEqual([{ name: "r", dtype: "float32", shape: ["batch", filters, 4, 3] }]);
    const feed = { data: noiseOf(1, 90), shape: [1, 3, 6, 5] };
    const nhwc = await converted(model, { inputLayout: "nchw" });
    const [{ r: a }, { r: b }] = [
      await runOnnx(nchw.model, { c_input: feed }),
      await runOnnx(nhwc.model, { c_input: feed }),
    ];
    const turned = Float32Array.from(
      { length: 12 * filters },
      (_, i) => b!.data[(i % 12) * filters + Math.floor(i / 12)]!,
    );
    expectSame(a!, { data: turned, shape: [1, filters, 4, 3] });
  });
});
