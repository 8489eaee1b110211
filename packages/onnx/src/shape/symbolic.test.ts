import { describe, expect, it } from "vitest";
import { runGraph } from "../../test/onnxruntime.ts";
import {
  type Attributes,
  type Dim,
  float32,
  GraphBuilder,
  int64,
  printType,
  ShapeScope,
  type Tensor,
  type ValueType,
  zeros,
} from "../index.ts";

const of = (...shape: Dim[]): ValueType => ({ dtype: "float32", shape });
const axes = (...values: number[]): Tensor => int64([values.length], values);

/** The first output's type, printed. */
function inferred(
  op: string,
  inputs: readonly (ValueType | Tensor)[],
  attributes: Attributes = {},
  opset = 17,
): string {
  const scope = new ShapeScope(opset);
  for (const [i, input] of inputs.entries())
    if ("data" in input) scope.declareConstant(`x${i}`, input);
    else scope.declare(`x${i}`, input);
  scope.visit({ op, domain: "", name: op, inputs: inputs.map((_, i) => `x${i}`), outputs: ["y"], attributes });
  return printType(scope.type("y")!);
}

/** What a network with a named batch relies on: the name goes all the way through. */
describe("a named dimension survives", () => {
  it.each<[string, string, readonly (ValueType | Tensor)[], Attributes?, number?]>([
    ["Add", "[n, 3]", [of("n", 3), of(3)]],
    ["Add", "[n, m]", [of("n", 1), of("m")]],
    ["Add", "[n, 4]", [of("n", "k"), of(4)]],
    ["Add", "[n]", [of("n"), of("n")]],
    ["MatMul", "[n, t, 8]", [of("n", "t", 4), of(4, 8)]],
    ["Gemm", "[n, 8]", [of(4, "n"), of(4, 8)], { transA: 1 }],
    ["Einsum", "[n, h, q, k]", [of("n", "q", "h", 4), of("n", "k", "h", 4)], { equation: "bqhd,bkhd->bhqk" }],
    ["Conv", "[n, 8, h, w]", [of("n", 3, "h", "w"), of(8, 3, 3, 3)], { pads: [1, 1, 1, 1] }],
    ["Conv", "[n, 8, h, w]", [of("n", 3, "h", "w"), of(8, 3, 3, 3)], { auto_pad: "SAME_UPPER" }],
    ["Conv", "[n, 8, y_dim2, 14]", [of("n", 3, "h", 28), of(8, 3, 3, 3)], { auto_pad: "SAME_UPPER", strides: [2, 2] }],
    ["MaxPool", "[n, c, 14, 14]", [of("n", "c", 28, 28)], { kernel_shape: [2, 2], strides: [2, 2] }],
    ["GlobalAveragePool", "[n, c, 1, 1]", [of("n", "c", "h", "w")]],
    ["Flatten", "[n, 784]", [of("n", 1, 28, 28)]],
    ["Flatten", "[1, n]", [of(1, "n", 1)], { axis: 1 }],
    ["Reshape", "[n, 784]", [of("n", 28, 28), axes(0, -1)]],
    ["Reshape", "[n, 784]", [of("n", 28, 28), axes(-1, 784)]],
    ["Reshape", "[n, 1, 28, 28]", [of("n", 784), axes(-1, 1, 28, 28)]],
    ["Reshape", "[n, m, 2, 4]", [of("n", "m", 8), axes(0, 0, 2, -1)]],
    ["Reshape", "[y_dim0, 2]", [of("n", 6), axes(-1, 2)]],
    ["Transpose", "[c, h, n]", [of("n", "h", "c")], { perm: [2, 1, 0] }],
    ["Unsqueeze", "[n, 1]", [of("n"), axes(1)]],
    ["Squeeze", "[n]", [of("n", 1), axes(-1)]],
    ["Squeeze", "[?]", [of("n", 1)]],
    ["Concat", "[n, 5]", [of("n", 2), of("n", 3)], { axis: 1 }],
    ["Concat", "[7, 5]", [of("n", 2), of(7, 3)], { axis: 1 }],
    ["Slice", "[n, 2]", [of("n", 4), axes(1), axes(3), axes(1)]],
    ["Slice", "[n, 4]", [of("n", 4), axes(0), axes(2 ** 63), axes(0)]],
    ["Slice", "[n, 4]", [of("n", 4), axes(-1), axes(-(2 ** 63)), axes(0), axes(-1)]],
    ["Slice", "[y_dim0, 4]", [of("n", 4), axes(1), axes(2 ** 63), axes(0)]],
    ["Pad", "[n, 6]", [of("n", 4), axes(0, 1, 0, 1)]],
    ["Tile", "[n, 8]", [of("n", 4), axes(1, 2)]],
    ["Expand", "[n, 4]", [of("n", 1), axes(1, 4)]],
    ["Gather", "[n, t, 16]", [of(1000, 16), { dtype: "int64", shape: ["n", "t"] }]],
    ["Resize", "[n, c, 8, 8]", [of("n", "c", 4, 4), of(0), float32([4], [1, 1, 2, 2])]],
    ["ReduceMean", "[n, 1]", [of("n", "t")], { axes: [1] }],
    ["ReduceSum", "[n]", [of("n", "t"), axes(-1)], { keepdims: 0 }],
    ["ReduceMean", "[?]", [of("n", "t"), { dtype: "int64", shape: ["k"] }], {}, 18],
    ["Softmax", "[n, 10]", [of("n", 10)]],
    ["LSTM", "[t, 1, n, 5]", [of("t", "n", 3), of(1, 20, 3), of(1, 20, 5)], { hidden_size: 5 }],
  ])("%s: %s", (op, shape, inputs, attributes, opset) => {
    expect(inferred(op, inputs, attributes, opset)).toBe(`float32${shape}`);
  });

  it("Shape of known extents is a constant, that Reshape can use", () => {
    const g = new GraphBuilder("reshape");
    const x = g.input("x", "float32", ["n", 2, 3]);
    const tail = g.op("Shape", [x], { start: 1 });
    expect(g.constant(tail)).toEqual(int64([2], [2, 3]));
    expect(g.constant(g.op("Shape", [x]))).toBeUndefined();
    expect(g.dims(g.op("Reshape", [g.input("z", "float32", ["m"]), tail]))).toEqual([2, 3]);
  });
});

it("is true of a whole network for every batch", async () => {
  const g = new GraphBuilder("cnn");
  const x = g.input("x", "float32", ["batch", 1, 28, 28]);
  const weight = (name: string, ...shape: number[]) => g.initializer(name, zeros("float32", shape));
  const conv = g.op("Conv", [x, weight("w", 4, 1, 5, 5)], { strides: [2, 2], auto_pad: "SAME_LOWER" });
  const [pool] = g.ops(
    "MaxPool",
    [g.op("Relu", [conv])],
    { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 },
    {},
    2,
  );
  const halves = g.ops("Split", [pool!], { axis: 1 }, {}, 2);
  const joined = g.op("Concat", [...halves, g.op("Neg", [pool!])], { axis: 1 });
  const flat = g.op("Reshape", [joined, g.ints([0, -1])]);
  const [, features] = g.dims(flat);
  const logits = g.op("Gemm", [flat, weight("dense", 10, features as number)], { transB: 1 });
  const centred = g.op("Sub", [logits, g.op("ReduceMean", [logits], { axes: [1] })]);
  const hot = g.op("OneHot", [g.op("ArgMax", [centred], { axis: -1, keepdims: 0 }), g.ints(10), g.floats([0, 1])]);
  g.op("Mul", [hot, g.op("Softmax", [centred])]);
  for (const { outputs } of g.build().nodes) for (const name of outputs) g.output(name);

  const graph = g.build();
  expect(graph.outputs.every(({ shape }) => shape?.[0] === "batch")).toBe(true);
  for (const batch of [1, 3]) {
    const truth = await runGraph(graph, new Map([["x", zeros("float32", [batch, 1, 28, 28])]]));
    expect(graph.outputs.map(({ dtype, shape }) => ({ dtype, shape: [batch, ...shape!.slice(1)] }))).toEqual(
      truth.map(({ dtype, shape }) => ({ dtype, shape })),
    );
  }
});
