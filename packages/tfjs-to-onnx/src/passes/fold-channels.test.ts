import type { Graph, GraphBuilder } from "@glyphcast/onnx";
import { expect, it } from "vitest";
import { foldIntoNext } from "./fold-into-next.ts";
import { foldIntoWeights } from "./fold-into-weights.ts";
import { liftChannelFactors } from "./lift-channel-factors.ts";
import { expectPass, noisy } from "./testing.ts";

const lifted = (graph: Graph): Graph => foldIntoWeights(liftChannelFactors(graph));

const conv = (g: GraphBuilder): string =>
  g.op("Conv", [g.input("x", "float32", ["n", 2, 6, 6]), noisy(g, "w", 3, 2, 3, 3)], { pads: [1, 1, 1, 1] });

/** Factors that are all above zero. */
const positive = (g: GraphBuilder): string => g.op("Abs", [noisy(g, "factor", 3, 1, 1)]);

type After = (g: GraphBuilder, x: string) => string;
const POOL = { kernel_shape: [2, 2], strides: [2, 2] };
const pad: After = (g, x) => g.op("Pad", [x, g.ints([0, 0, 1, 2, 0, 0, 0, 1])]);

it.each<[string, After, "Mul" | "Add", string[]]>([
  ["a Mul before a Pad by zeros", pad, "Mul", ["Conv", "Pad"]],
  ["no Add before a Pad", pad, "Add", ["Conv", "Pad", "Add"]],
  ["a Mul before an average", (g, x) => g.op("AveragePool", [x], POOL), "Mul", ["Conv", "AveragePool"]],
  ["an Add before an average", (g, x) => g.op("AveragePool", [x], POOL), "Add", ["Conv", "AveragePool"]],
  [
    "an Add before an average of what is there only",
    (g, x) => g.op("AveragePool", [x], { ...POOL, pads: [1, 1, 1, 1] }),
    "Add",
    ["Conv", "AveragePool"],
  ],
  [
    "no Add before an average that counts zeros",
    (g, x) => g.op("AveragePool", [x], { ...POOL, pads: [1, 1, 1, 1], count_include_pad: 1 }),
    "Add",
    ["Conv", "AveragePool", "Add"],
  ],
  ["an Add before a maximum", (g, x) => g.op("MaxPool", [x], POOL), "Add", ["Conv", "MaxPool"]],
  [
    "no Mul by negative factors before a maximum",
    (g, x) => g.op("MaxPool", [x], POOL),
    "Mul",
    ["Conv", "MaxPool", "Mul"],
  ],
  ["no Mul by negative factors before Relu", (g, x) => g.op("Relu", [x]), "Mul", ["Conv", "Relu", "Mul"]],
  ["no Add before Relu", (g, x) => g.op("Relu", [x]), "Add", ["Conv", "Relu", "Add"]],
])("lifts %s", async (_, after, op, ops) => {
  await expectPass(lifted, { build: (g) => g.op(op, [noisy(g, "factor", 3, 1, 1), after(g, conv(g))]), ops });
});

it.each<[string, After]>([
  ["Relu", (g, x) => g.op("Relu", [x])],
  ["LeakyRelu", (g, x) => g.op("LeakyRelu", [x], { alpha: 0.2 })],
  ["MaxPool", (g, x) => g.op("MaxPool", [x], POOL)],
])("lifts a Mul by positive factors before %s, an average and a Pad", async (op, after) => {
  const factors = (graph: Graph): Graph => lifted(constantFactors(graph));
  await expectPass(factors, {
    build: (g) => g.op("Mul", [pad(g, g.op("AveragePool", [after(g, conv(g))], POOL)), positive(g)]),
    ops: ["Conv", op, "AveragePool", "Pad"],
  });
});

/** The absolute values of a constant, as a constant. */
function constantFactors(graph: Graph): Graph {
  const abs = graph.nodes.find(({ op }) => op === "Abs")!;
  const { shape, data } = graph.initializers.get(abs.inputs[0]!)!;
  const values = (data as Float32Array).map(Math.abs);
  const initializers = new Map(graph.initializers).set(abs.outputs[0]!, { dtype: "float32", shape, data: values });
  return { ...graph, initializers, nodes: graph.nodes.filter((node) => node !== abs) };
}

it("lifts nothing that has another reader", async () => {
  await expectPass(lifted, {
    build: (g) => {
      const padded = pad(g, conv(g));
      return [g.op("Mul", [padded, noisy(g, "factor", 3, 1, 1)]), padded];
    },
    ops: ["Conv", "Pad", "Mul"],
  });
});

const NEXT: readonly (readonly [string, (g: GraphBuilder, x: string) => string, number[], string])[] = [
  ["Conv", (g, x) => g.op("Conv", [x, noisy(g, "w", 4, 3, 3, 3)]), [3, 1, 1], "Conv"],
  ["Conv with a bias", (g, x) => g.op("Conv", [x, noisy(g, "w", 4, 3, 3, 3), noisy(g, "b", 4)]), [3, 1, 1], "Conv"],
  ["depthwise Conv", (g, x) => g.op("Conv", [x, noisy(g, "w", 6, 1, 3, 3)], { group: 3 }), [3, 1, 1], "Conv"],
  ["Conv, by one number", (g, x) => g.op("Conv", [x, noisy(g, "w", 4, 3, 3, 3)]), [], "Conv"],
];

it.each(NEXT)("folds a Mul and an Add into the next %s", async (_, next, shape, op) => {
  const x = (g: GraphBuilder): string => g.input("x", "float32", ["n", 3, 6, 6]);
  for (const kind of ["Mul", "Add"])
    await expectPass(foldIntoNext, { build: (g) => next(g, g.op(kind, [x(g), noisy(g, "c", ...shape)])), ops: [op] });
  await expectPass(foldIntoNext, {
    build: (g) => next(g, g.op("Add", [g.op("Mul", [x(g), noisy(g, "factor", ...shape)]), noisy(g, "c", ...shape)])),
    ops: [op],
  });
});

it("folds a Mul and an Add into the next Gemm", async () => {
  await expectPass(foldIntoNext, {
    build: (g) => {
      const x = g.op("Mul", [g.input("x", "float32", ["n", 5]), noisy(g, "factor", 5)]);
      return g.op("Gemm", [g.op("Add", [x, noisy(g, "c", 5)]), noisy(g, "w", 5, 4), noisy(g, "b", 4)]);
    },
    ops: ["Gemm"],
  });
});

it("folds no Add into a convolution that pads", async () => {
  const after = await expectPass(foldIntoNext, {
    build: (g) => {
      const x = g.op("Add", [g.input("x", "float32", ["n", 3, 6, 6]), noisy(g, "c", 3, 1, 1)]);
      return g.op("Conv", [x, noisy(g, "w", 4, 3, 3, 3)], { pads: [1, 1, 1, 1] });
    },
    ops: ["Add", "Conv"],
  });
  expect(after.initializers.size).toBe(2);
});
