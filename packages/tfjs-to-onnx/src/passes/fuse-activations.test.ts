import type { GraphBuilder } from "@glyphcast/onnx";
import { describe, expect, it } from "vitest";
import { fuseActivations } from "./fuse-activations.ts";
import { expectPass } from "./testing.ts";

type Build = (g: GraphBuilder, x: string) => string;

const relu6 = (g: GraphBuilder, x: string): string => g.op("Clip", [x, g.floats(0), g.floats(6)]);
const shifted = (g: GraphBuilder, x: string): string => relu6(g, g.op("Add", [g.floats(3), x]));
const cube = (g: GraphBuilder, x: string): string => g.op("Mul", [x, g.op("Mul", [x, x])]);
const erf = (g: GraphBuilder, x: string): string =>
  g.op("Add", [g.op("Erf", [g.op("Div", [x, g.floats(Math.SQRT2)])]), g.floats(1)]);
const tanh = (g: GraphBuilder, x: string, cubed: string): string => {
  const sum = g.op("Add", [g.op("Mul", [g.floats(0.044715), cubed]), x]);
  return g.op("Add", [g.op("Tanh", [g.op("Mul", [g.floats(Math.sqrt(2 / Math.PI)), sum])]), g.floats(1)]);
};

const FUSED: readonly (readonly [op: string, how: string, opset: number, build: Build])[] = [
  ["Relu", "max(x, 0)", 13, (g, x) => g.op("Max", [g.floats(0), x])],
  ["Relu", "a Clip at 0", 13, (g, x) => g.op("Clip", [x, g.floats(0)])],
  ["LeakyRelu", "max(αx, x)", 13, (g, x) => g.op("Max", [g.op("Mul", [x, g.floats(0.1)]), x])],
  [
    "HardSigmoid",
    "a clipped line",
    13,
    (g, x) => g.op("Clip", [g.op("Add", [g.op("Mul", [x, g.floats(0.3)]), g.floats(0.4)]), g.floats(0), g.floats(1)]),
  ],
  ["HardSigmoid", "relu6(x + 3)/6", 13, (g, x) => g.op("Div", [shifted(g, x), g.floats(6)])],
  ["HardSigmoid", "relu6(x + 3)·⅙", 13, (g, x) => g.op("Mul", [g.floats(1 / 6), shifted(g, x)])],
  ["HardSwish", "x·(relu6(x + 3)/6)", 14, (g, x) => g.op("Mul", [x, g.op("Div", [shifted(g, x), g.floats(6)])])],
  ["HardSwish", "x·relu6(x + 3)/6", 14, (g, x) => g.op("Mul", [g.op("Mul", [shifted(g, x), x]), g.floats(1 / 6)])],
  ["Gelu", "½x·(1 + erf)", 20, (g, x) => g.op("Mul", [g.op("Mul", [x, g.floats(0.5)]), erf(g, x)])],
  ["Gelu", "x·(½·(1 + erf))", 20, (g, x) => g.op("Mul", [x, g.op("Mul", [g.floats(0.5), erf(g, x)])])],
  [
    "Gelu",
    "tanh of x³ as products",
    20,
    (g, x) => g.op("Mul", [g.op("Mul", [g.floats(0.5), x]), tanh(g, x, cube(g, x))]),
  ],
  [
    "Gelu",
    "tanh of x³ as a power",
    20,
    (g, x) => g.op("Mul", [g.op("Mul", [g.floats(0.5), x]), tanh(g, x, g.op("Pow", [x, g.floats(3)]))]),
  ],
];

describe("fuseActivations", () => {
  it.each(FUSED)("makes %s of %s", async (op, _how, opset, build) => {
    await expectPass(fuseActivations, { build: (g) => build(g, g.input("x", "float32", ["n", 40])), ops: [op], opset });
  });

  it.each(FUSED.filter(([, , opset]) => opset > 13))(
    "makes no %s of %s before its opset",
    async (op, _how, opset, build) => {
      const g = build;
      const after = await expectPass((graph) => fuseActivations(graph, { opset: opset - 1 }), {
        build: (b) => b.op("Abs", [g(b, b.input("x", "float32", ["n", 40]))]),
        ops: expect.not.arrayContaining([op]) as unknown as string[],
        opset,
      });
      expect(after.nodes.length).toBeGreaterThan(2);
    },
  );

  it.each<[string, Build]>([
    ["another bend", (g, x) => g.op("Max", [x, g.floats(0.1)])],
    ["another line", (g, x) => g.op("Div", [shifted(g, x), g.floats(5)])],
    ["two different values", (g, x) => g.op("Max", [g.op("Mul", [x, g.floats(0.1)]), g.op("Neg", [x])])],
    ["a slope above one", (g, x) => g.op("Max", [g.op("Mul", [x, g.floats(2)]), x])],
    ["another gate", (g, x) => g.op("Mul", [g.op("Neg", [x]), g.op("Div", [shifted(g, x), g.floats(6)])])],
  ])("leaves %s alone", async (_, build) => {
    const after = await expectPass(fuseActivations, {
      build: (g) => build(g, g.input("x", "float32", ["n", 40])),
      ops: expect.any(Array) as unknown as string[],
      opset: 20,
    });
    expect(after.nodes.map(({ op }) => op)).not.toContain("Gelu");
    expect(after.nodes.every(({ op }) => !/^(Relu|LeakyRelu|HardSwish)$/.test(op))).toBe(true);
  });
});
