import { describe, expect, it } from "vitest";
import { type Build, convert, expectConverts, opsOf, runOnnx, TestGraph } from "../testing.ts";

const shape = [2, 3, 4];
type Type = "bool" | "float32" | "int32";

const two =
  (op: string, dtype: Type = "float32", a = shape, b = shape, data?: readonly number[]): Build =>
  (g) =>
    g.op(op, [g.input(a, { dtype }), g.input(b, { dtype, ...(data && { data }) })]);

/** No zeros, of both signs. */
const divisors = [3, -2, 5, -7, 1, 2, -3, 4, 2, -5, 7, -1, 3, 2, -2, 6, 5, -4, 3, 2, 1, -6, 2, 3];

const ARITHMETIC: Readonly<Record<string, Build>> = {
  ...Object.fromEntries(
    ["Add", "AddV2", "Sub", "Mul", "Maximum", "Minimum", "SquaredDifference"].flatMap((op) => [
      [op, two(op)],
      [`${op} of integers`, two(op, "int32")],
      [`${op} broadcast`, two(op, "float32", [2, 1, 4], [3, 1])],
    ]),
  ),
  "Sub of a constant": (g) => g.op("Sub", [g.input(shape), g.const([4])]),
  "Sub of a constant with a zero": (g) => g.op("Sub", [g.input(shape), g.const([4], [1, 0, 2, 3])]),
  "RealDiv by a constant": (g) => g.op("RealDiv", [g.input(shape), g.const([4], [1, 3, -2, 255])]),
  ...Object.fromEntries(
    ["RealDiv", "Div", "FloorDiv", "Mod", "FloorMod"].flatMap((op) => [
      [op, two(op, "float32", shape, shape, divisors)],
      [`${op} of integers`, two(op, "int32", shape, shape, divisors)],
    ]),
  ),
  DivNoNan: two("DivNoNan", "float32", shape, shape, divisors.with(3, 0).with(8, 0)),
  Pow: (g) => g.op("Pow", [g.op("Abs", [g.input(shape)]), g.input([4])]),
  "Pow of integers": (g) => g.op("Pow", [g.input([4], { dtype: "int32" }), g.const([4], [0, 1, 2, 3], "int32")]),
  AddN: (g) => g.op("AddN", [g.input(shape), g.input(shape), g.input(shape)]),
  "AddN of one": (g) => g.op("AddN", [g.input(shape)]),
  BiasAdd: (g) => g.op("BiasAdd", [g.input(shape), g.const([4])]),
};

const one =
  (op: string, from = -1, to = 1, attributes = {}): Build =>
  (g) =>
    g.op(
      op,
      [g.input([13], { data: Array.from({ length: 13 }, (_, i) => from + ((to - from) * (i + 0.3)) / 13) })],
      attributes,
    );

const strange = [0, 1, -1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

const BASIC_MATH: Readonly<Record<string, Build>> = {
  ...Object.fromEntries(
    ["Abs", "Neg", "Relu", "Relu6", "Sign", "Square"].map((op) => [
      `${op} of integers`,
      (g) => g.op(op, [g.input(shape, { dtype: "int32" })]),
    ]),
  ),
  ...Object.fromEntries(
    ["Exp"].map((op): [string, Build] => [
      `${op} of integers`,
      (g) => g.op(op, [g.input([4], { dtype: "int32", data: [1, 2, 3, 5] })]),
    ]),
  ),
  ...Object.fromEntries(
    [
      "Abs",
      "Ceil",
      "Cos",
      "Cosh",
      "Elu",
      "Erf",
      "Exp",
      "Expm1",
      "Floor",
      "Neg",
      "Relu",
      "Round",
      "Selu",
      "Sigmoid",
      "Sign",
      "Sin",
      "Sinh",
      "Softplus",
      "Square",
      "Tan",
      "Tanh",
      "Atan",
      "Asinh",
    ].map((op) => [op, one(op, -3, 3)]),
  ),
  ...Object.fromEntries(["Acos", "Asin", "Atanh"].map((op) => [op, one(op)])),
  ...Object.fromEntries(["Log", "Rsqrt", "Sqrt", "Reciprocal"].map((op) => [op, one(op, 0.1, 4)])),
  "Round of halves": (g) => g.op("Round", [g.input([6], { data: [0.5, 1.5, 2.5, -0.5, -1.5, 2.4] })]),
  "Expm1 near 0": one("Expm1", -1e-4, 1e-4),
  "Log1p near 0": one("Log1p", -1e-4, 1e-4),
  Log1p: one("Log1p", -0.9, 9),
  Acosh: one("Acosh", 1, 5),
  Relu6: one("Relu6", -3, 9),
  LeakyRelu: one("LeakyRelu", -1, 1, { alpha: 0.3 }),
  "LeakyRelu by default": one("LeakyRelu"),
  Prelu: (g) => g.op("Prelu", [g.input([2, 3, 4, 5]), g.const([5])]),
  "Prelu per element": (g) => g.op("Prelu", [g.input([2, 3, 4, 5]), g.const([3, 4, 5])]),
  ClipByValue: (g) => g.op("ClipByValue", [g.input(shape), g.float(-0.3), g.float(0.5)]),
  "ClipByValue of integers": (g) => g.op("ClipByValue", [g.input(shape, { dtype: "int32" }), g.int(-3), g.int(4)]),
  "ClipByValue with computed bounds": (g) =>
    g.op("ClipByValue", [g.input(shape), g.input([], { data: [-0.2] }), g.input([], { data: [0.1] })]),
  Atan2: (g) =>
    g.op("Atan2", [
      g.input([8], { data: [1, 1, -1, -1, 1, -1, 0, 0] }),
      g.input([8], { data: [2, -2, 2, -2, 0, 0, 3, -3] }),
    ]),
  ...Object.fromEntries(
    ["IsNan", "IsInf", "IsFinite"].map((op) => [op, (g) => g.op(op, [g.input([6], { data: strange })])]),
  ),
};

const compared = [0, 1, 2, 3, -1, -2];
const LOGICAL: Readonly<Record<string, Build>> = {
  ...Object.fromEntries(
    ["Equal", "NotEqual", "Less", "LessEqual", "Greater", "GreaterEqual"].flatMap((op) =>
      (["float32", "int32"] as const).map((dtype) => [
        `${op} of ${dtype}`,
        (g) => g.op(op, [g.input([6], { dtype, data: compared }), g.input([6], { dtype, data: [0, 2, 1, 3, -2, -2] })]),
      ]),
    ),
  ),
  "Equal of bool": two("Equal", "bool"),
  LogicalAnd: two("LogicalAnd", "bool"),
  LogicalOr: two("LogicalOr", "bool", [2, 1, 4], [3, 4]),
  LogicalNot: (g) => g.op("LogicalNot", [g.input(shape, { dtype: "bool" })]),
  ...Object.fromEntries(
    ["Select", "SelectV2"].map((op) => [
      op,
      (g) => g.op(op, [g.input(shape, { dtype: "bool" }), g.input(shape), g.input(shape)]),
    ]),
  ),
  "SelectV2 broadcast": (g) => g.op("SelectV2", [g.input([3, 1], { dtype: "bool" }), g.input(shape), g.float(7)]),
};

const FAMILIES = { arithmetic: ARITHMETIC, "basic math": BASIC_MATH, logical: LOGICAL };
for (const [family, cases] of Object.entries(FAMILIES))
  describe(`${family} ops answer as in TF.js`, () => {
    for (const [name, build] of Object.entries(cases)) it(name, async () => void (await expectConverts(build)));
  });

it("BitwiseAnd answers as TF.js would, whose own executor mistakes its inputs' names", async () => {
  const graph = new TestGraph();
  const [a, b] = [
    graph.input([4], { dtype: "int32", data: [12, 7, -1, 5] }),
    graph.input([4], { dtype: "int32", data: [10, 3, 6, 2] }),
  ];
  const model = convert(graph, [graph.op("BitwiseAnd", [a, b])], { opset: 18 });
  expect((await runOnnx(model, graph.feeds))[0]!.data).toEqual([8, 3, 6, 0]);
  expect(() => convert(graph, [graph.op("BitwiseAnd", [a, b])])).toThrow(/operator set 18/);
});

describe("layouts", () => {
  const conv = (g: Parameters<Build>[0], x: string): string =>
    g.op("Conv2D", [x, g.const([3, 3, 3, 3])], { strides: [1, 1, 1, 1], padding: "SAME", dilations: [1, 1, 1, 1] });

  it("stay those of the image through elementwise ops with constants of every rank", async () => {
    const model = await expectConverts((g) => {
      let x = conv(g, g.input([2, 5, 6, 3]));
      for (const constant of [g.const([3]), g.const([6, 1]), g.const([1, 5, 1, 3]), g.const([]), g.const([5, 6, 3])])
        x = g.op("Tanh", [g.op("Mul", [constant, x])]);
      return conv(g, g.op("Maximum", [x, g.float(0.2)]));
    });
    expect(opsOf(model).filter((op) => op === "Transpose")).toHaveLength(2);
  });

  it("meet where branches do", async () => {
    const model = await expectConverts((g) => {
      const x = g.input([2, 5, 6, 3]);
      return g.op("AddV2", [conv(g, x), x]);
    });
    expect(opsOf(model)).toEqual(["Transpose", "Conv", "Add", "Transpose"]);
  });

  it("of one value serve several readers", async () => {
    await expectConverts((g) => {
      const y = conv(g, g.input([1, 5, 6, 3]));
      return [g.op("Relu", [y]), y, g.op("Mul", [y, g.float(2)])];
    });
  });
});
