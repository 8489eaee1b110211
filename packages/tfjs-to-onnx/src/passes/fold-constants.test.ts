import { type Attributes, GraphBuilder, modelOf, numbersOf, type Tensor } from "@glyphcast/onnx";
import { describe, expect, it } from "vitest";
import { type Feed, noiseOf, runOnnx } from "../testing.ts";
import { evaluate } from "./evaluate.ts";
import { foldConstants } from "./fold-constants.ts";
import { mergeDuplicates } from "./merge-duplicates.ts";
import { expectPass, noisy } from "./testing.ts";

const floats = (seed: number, ...shape: number[]): Tensor => ({
  dtype: "float32",
  shape,
  data: noiseOf(
    seed,
    shape.reduce((a, b) => a * b, 1),
  ),
});
const ints = (...values: number[]): Tensor => ({
  dtype: "int64",
  shape: [values.length],
  data: BigInt64Array.from(values, BigInt),
});

describe("evaluate agrees with onnxruntime", () => {
  const [a, b] = [floats(1, 2, 3, 4), floats(2, 3, 1)];
  it.each<[string, Tensor[], Attributes?]>([
    ...["Add", "Div", "Mul", "Sub"].map((op): [string, Tensor[]] => [op, [a, b]]),
    ...["Neg", "Reciprocal"].map((op): [string, Tensor[]] => [op, [a]]),
    ["Sqrt", [{ dtype: "float32", shape: [3], data: Float32Array.of(0, 2, 9) }]],
    ["Reshape", [a, ints(0, -1)]],
    ["Reshape", [a, ints(4, 6)]],
    ["Transpose", [a], { perm: [2, 0, 1] }],
    ["Transpose", [a]],
  ])("on %s of %#", async (op, inputs, attributes = {}) => {
    const g = new GraphBuilder("g");
    // The shape to take is a constant; what is computed comes in from outside.
    const names = inputs.map((tensor, i) =>
      tensor.dtype === "int64" ? g.initializer(`i${i}`, tensor) : g.input(`i${i}`, tensor.dtype, tensor.shape),
    );
    g.output(g.op(op, names, attributes), "y");
    const feeds = inputs.flatMap((tensor, i): [string, Feed][] =>
      tensor.dtype === "int64" ? [] : [[`i${i}`, tensor as unknown as Feed]],
    );
    const { y } = await runOnnx(modelOf(g.build()), Object.fromEntries(feeds));
    const found = evaluate({ op, domain: "", name: "n", inputs: names, outputs: ["y"], attributes }, inputs)!;
    expect(found.shape).toEqual(y!.shape);
    expect(numbersOf(found)).toBeAllClose(Array.from(y!.data, Number), { rtol: 1e-6, atol: 1e-6 });
  });

  it("and leaves to it what it does not know", () => {
    const node = { op: "Conv", domain: "", name: "n", inputs: ["x"], outputs: ["y"], attributes: {} };
    expect(evaluate(node, [a])).toBeUndefined();
    expect(evaluate({ ...node, op: "Neg" }, [ints(1)])).toBeUndefined();
    expect(evaluate({ ...node, op: "Add" }, [floats(1, 2), floats(2, 3)])).toBeUndefined();
    expect(evaluate({ ...node, op: "Reshape" }, [floats(1, 2), ints(3)])).toBeUndefined();
  });
});

it("folds what depends on constants alone, and known shapes", async () => {
  const { initializers } = await expectPass(foldConstants, {
    build: (g) => {
      const x = g.input("x", "float32", [2, 6]);
      const half = g.op("Gather", [g.op("Shape", [x]), g.ints([1])]);
      const shape = g.op("Concat", [g.ints([-1]), g.op("Div", [half, g.ints([2])])], { axis: 0 });
      const bias = g.op("Mul", [noisy(g, "b", 3), g.floats(2)]);
      return g.op("Add", [g.op("Reshape", [x, shape]), bias]);
    },
    ops: ["Reshape", "Add"],
  });
  expect(initializers.size).toBe(2);
});

it("folds a normalisation spelled out in vectors too long for a shape", async () => {
  const { initializers } = await expectPass(foldConstants, {
    build: (g) => {
      const [gamma, variance] = [noisy(g, "gamma", 2000), g.op("Mul", [noisy(g, "v", 2000), noisy(g, "v", 2000)])];
      const scale = g.op("Div", [gamma, g.op("Sqrt", [g.op("Add", [variance, g.floats(1e-3)])])]);
      return g.op("Mul", [g.input("x", "float32", ["n", 2000]), scale]);
    },
    ops: ["Mul"],
  });
  expect(initializers.size).toBe(1);
});

it("folds no result that is much larger than what it is made of, and no output", async () => {
  await expectPass(foldConstants, {
    build: (g) => {
      const wide = g.op("Add", [noisy(g, "row", 200, 1), noisy(g, "column", 200)]);
      return [g.op("Mul", [g.input("x", "float32", [200]), wide]), g.op("Neg", [g.floats([1, 2])])];
    },
    ops: ["Add", "Mul", "Neg"],
  });
});

it("computes once, and holds once, what is the same", async () => {
  const after = await expectPass(mergeDuplicates, {
    build: (g) => {
      const x = g.input("x", "float32", ["n", 4]);
      const weights = [1, 2].map((i) =>
        g.initializer(`w${i}`, { dtype: "float32", shape: [4, 4], data: noiseOf(1, 16) }),
      );
      const [p, q] = weights.map((w) => g.op("Relu", [g.op("MatMul", [x, w])]));
      const other = g.op("LeakyRelu", [g.op("MatMul", [x, weights[1]!])], { alpha: 0.5 });
      return g.op("Add", [g.op("Add", [p!, q!]), other]);
    },
    ops: ["MatMul", "Relu", "LeakyRelu", "Add", "Add"],
  });
  expect([...after.initializers.keys()]).toEqual(["w1"]);
});

it("keeps apart what comes out under two names, and what is drawn", () => {
  const g = new GraphBuilder("g");
  const x = g.input("x", "float32", [2]);
  g.output(g.op("Relu", [x]), "a");
  g.output(g.op("Relu", [x]), "b");
  const draws = [0, 1].map(() => g.op("RandomNormalLike", [x]));
  g.output(g.op("Add", draws), "c");
  const graph = g.build();
  expect(mergeDuplicates(graph).nodes.map(({ op }) => op)).toEqual([
    ...["Relu", "Identity", "Identity", "RandomNormalLike", "RandomNormalLike", "Add", "Identity"],
  ]);
});
