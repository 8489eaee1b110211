import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { models } from "../test/arbitrary-model.ts";
import { float32, type Graph, GraphBuilder, modelOf, printModel, printType, tensor } from "./index.ts";

describe("printModel", () => {
  it("prints a model, one node a line", () => {
    const g = new GraphBuilder("digits");
    const pixels = g.input("pixels", "uint8", ["batch", 28, 28]);
    const x = g.op(
      "Div",
      [g.op("Cast", [pixels], { to: 1 }, { outputs: ["ink"] }), g.floats(255)],
      {},
      { name: "scale" },
    );
    const image = g.op("Unsqueeze", [x, g.ints([1])], {}, { name: "image" });
    const kernel = g.initializer("conv1/kernel", float32([16, 1, 5, 5], new Float32Array(400)));
    const conv = g.op("Conv", [image, kernel], { strides: [2, 2], auto_pad: "SAME_UPPER" }, { name: "conv1" });
    const [best] = g.ops("TopK", [g.op("Flatten", [conv]), g.ints([3])], {}, { outputs: ["", "best"] });
    expect(best).toBe("");
    const label = g.initializer("label", tensor("string", [2], ["no", 'a "digit"']));
    const tiny = g.initializer("tiny", float32([2], [0.1, -1e-8]));
    g.append({
      op: "Pick",
      domain: "com.example",
      name: "",
      inputs: [label, "", tiny],
      outputs: ["picked"],
      attributes: { by: Uint8Array.of(0xff), at: float32([1], [0.3]) },
    });
    g.output("best");
    expect(printModel(modelOf(g.build(), { opsets: { "": 17, "com.example": 1 } }))).toBe(
      `
digits (opset 17, com.example 1)
  in  pixels: uint8[batch, 28, 28]
  let float = float32[] (255)
  let int = int64[1] (1)
  let conv1/kernel = float32[16, 1, 5, 5]
  let int_1 = int64[1] (3)
  let label = string[2] ("no", "a \\"digit\\"")
  let tiny = float32[2] (0.1, -1e-8)
  ink = Cast(pixels) {to: 1}  # float32[batch, 28, 28]
  scale:out = Div(ink, float)  # float32[batch, 28, 28]
  image:out = Unsqueeze(scale:out, int)  # float32[batch, 1, 28, 28]
  conv1:out = Conv(image:out, conv1/kernel) {strides: [2, 2], auto_pad: "SAME_UPPER"}  # float32[batch, 16, 14, 14]
  Flatten:out = Flatten(conv1:out)  # float32[batch, 3136]
  _, best = TopK(Flatten:out, int_1)  # int64[batch, 3]
  picked = com.example.Pick(label, _, tiny) {by: bytes(1), at: float32[1] (0.3)}
  out best: int64[batch, 3]
`.trim(),
    );
  });

  it("prints what does not fit beside its node, and goes on", () => {
    const graph: Graph = {
      name: "misfit",
      inputs: [{ name: "x", dtype: "float32", shape: [2, 3] }],
      outputs: [{ name: "y", dtype: "float32" }],
      initializers: new Map([["w", float32([2, 2], [1, 2, 3, 4])]]),
      nodes: [
        { op: "MatMul", domain: "", name: "dense", inputs: ["x", "w"], outputs: ["h"], attributes: {} },
        { op: "Relu", domain: "", name: "", inputs: ["x"], outputs: ["y"], attributes: {} },
      ],
      values: new Map(),
    };
    expect(printModel(modelOf(graph)).split("\n").slice(3, 5)).toEqual([
      '  h = MatMul(x, w)  # ✗ MatMul "dense": [2, 3] × [2, 2]: the inner extents 3 and 2 differ.',
      "  y = Relu(x)  # float32[2, 3]",
    ]);
  });

  it("prints subgraphs below their node", () => {
    const branch: Graph = {
      name: "branch",
      inputs: [],
      outputs: [{ name: "b", dtype: "float32" }],
      initializers: new Map([["c", float32([], [2])]]),
      nodes: [{ op: "Neg", domain: "", name: "", inputs: ["c"], outputs: ["b"], attributes: {} }],
      values: new Map(),
    };
    const g = new GraphBuilder("choice");
    g.op("If", [g.input("yes", "bool", [])], { then_branch: branch, else_branch: branch }, { outputs: ["y"] });
    g.output("y", "y", { dtype: "float32", shape: [] });
    expect(printModel(modelOf(g.build()))).toBe(
      `
choice (opset 17)
  in  yes: bool[]
  y = If(yes) {then_branch: graph(1 nodes), else_branch: graph(1 nodes)}  # float32[]
    then_branch:
      let c = float32[] (2)
      b = Neg(c)  # float32[]
      out b: float32[?]
    else_branch:
      let c = float32[] (2)
      b = Neg(c)  # float32[]
      out b: float32[?]
  out y: float32[]
`.trim(),
    );
  });

  it("prints any model, sound or not", () => {
    fc.assert(
      fc.property(models, (model) => {
        expect(printModel(model)).toContain(model.graph.name);
      }),
      { numRuns: 200 },
    );
  });
});

it("printType tells a scalar from an unknown rank", () => {
  expect(printType({ dtype: "float32", shape: [] })).toBe("float32[]");
  expect(printType({ dtype: "float32" })).toBe("float32[?]");
});
