import { float32, int64 } from "@glyphcast/onnx";
import fc from "fast-check";
import type { OpCase } from "../numeric.ts";
import { bools, broadcastable, floats, type Spread, seeds, shapes, spread } from "../values.ts";
import { KINKED, type OpCases, SMOOTH, STEEP, STRAIGHT } from "./op-cases.ts";

type Case = Omit<OpCase, "op">;

const rows = fc.boolean();

/** One input, and attributes drawn with it. */
const unary = (values: Spread, attributes: fc.Arbitrary<Case["attributes"]> = fc.constant({}), opset = 17) =>
  shapes(0, 4).chain((shape) =>
    fc
      .record({ inputs: floats([shape], values), attributes: attributes.map((given) => given ?? {}), rows })
      .map((drawn) => ({ ...drawn, opset })),
  );

const positive: Spread = { from: 0.4, to: 2 };

/** Operands that broadcast; or, in rows form, those of a shape, of one element per channel and of one element. */
const operands = (count: number): fc.Arbitrary<{ shapes: number[][]; rows: boolean }> =>
  fc.oneof(
    broadcastable(count).map((drawn) => ({ shapes: drawn, rows: false })),
    shapes(3, 4, 3).chain((whole) =>
      fc
        .array(
          fc.constantFrom(
            whole,
            [whole[1]!, ...whole.slice(2).map(() => 1)],
            [1, whole[1]!, ...whole.slice(2).map(() => 1)],
            [1],
            [],
          ),
          {
            minLength: count - 1,
            maxLength: count - 1,
          },
        )
        .map((others) => ({ shapes: [whole, ...others], rows: true })),
    ),
  );

const binary = (values: Spread): fc.Arbitrary<Case> =>
  fc.tuple(operands(2), fc.boolean(), seeds).map(([{ shapes, rows }, swapped, seed]) => ({
    inputs: spread(swapped && !rows ? shapes.toReversed() : shapes, seed, values),
    rows,
  }));

/** Far enough apart that none passes another within a step. */
const apart: Spread = { gap: 0.03, kinks: [] };

const variadic: fc.Arbitrary<Case> = fc
  .integer({ min: 1, max: 3 })
  .chain(operands)
  .chain(({ shapes, rows }) => floats(shapes, apart).map((inputs) => ({ inputs, rows })));

const attribute = (name: string, min: number, max: number) =>
  fc
    .option(fc.double({ min, max, noNaN: true }), { nil: undefined })
    .map((value): Record<string, number> => (value === undefined ? {} : { [name]: Math.fround(value) }));

const power: fc.Arbitrary<Case> = fc.oneof(
  binary({ from: 0.5, to: 1.8 }),
  // A constant exponent of any sign takes a negative base.
  fc
    .tuple(shapes(1, 3), fc.constantFrom(-2, -1, 0, 1, 2, 3), seeds, fc.boolean())
    .map(([shape, exponent, seed, whole]) => ({
      inputs: [
        ...spread([shape], seed, { from: -1.5, to: 1.5, margin: 0.6 }),
        whole ? int64([], [exponent]) : float32([], [exponent]),
      ],
      constants: [1],
    })),
);

/** The bounds are two of the distinct values, so nothing else comes near them. */
const clip: fc.Arbitrary<Case> = fc
  .tuple(shapes(1, 4), fc.constantFrom([true, true], [true, false], [false, true], [false, false]), seeds, rows)
  .map(([shape, [low, high], seed, rows]) => {
    const [x, first, second] = spread([shape, [], []], seed, apart);
    const [min, max] = first!.data[0]! < second!.data[0]! ? [first, second] : [second, first];
    return { inputs: [x, low ? min : undefined, high ? max : undefined], rows };
  });

const where: fc.Arbitrary<Case> = fc.tuple(operands(3), seeds).map(
  ([
    {
      shapes: [condition = [], a = [], b = []],
      rows,
    },
    seed,
  ]) => ({
    inputs: [bools(condition, seed), ...spread([a, b], seed)],
    rows,
  }),
);

const pRelu: fc.Arbitrary<Case> = fc
  .tuple(shapes(1, 4, 3), fc.nat(4), fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), rows, seeds)
  .map(([shape, dropped, single, rows, seed]) => ({
    inputs: spread([shape, shape.slice(dropped).map((dim, axis) => (single[axis] ? 1 : dim))], seed),
    rows,
  }));

const smooth: Spread = { kinks: [] };
/** Far enough to saturate. */
const wide: Spread = { from: -4, to: 4, kinks: [0, -3, 3, -2.5, 2.5] };

export const ELEMENTWISE_CASES = {
  Add: { cases: binary(smooth), precision: STRAIGHT },
  Sub: { cases: binary(smooth), precision: STRAIGHT },
  Mul: { cases: binary(smooth), precision: STRAIGHT },
  Div: { cases: binary({ from: 0.5, to: 2 }), precision: STEEP },
  Pow: { cases: power, precision: STEEP },
  Neg: { cases: unary(smooth), precision: STRAIGHT },
  Abs: { cases: unary({}), precision: KINKED },
  Sqrt: { cases: unary(positive), precision: SMOOTH },
  Reciprocal: { cases: unary({ from: 0.5, to: 2 }), precision: STEEP },
  Exp: { cases: unary(smooth), precision: SMOOTH },
  Log: { cases: unary(positive), precision: STEEP },
  Sin: { cases: unary(wide), precision: SMOOTH },
  Cos: { cases: unary(wide), precision: SMOOTH },
  Erf: { cases: unary(smooth), precision: SMOOTH },
  Identity: { cases: unary(smooth), precision: STRAIGHT },
  Relu: { cases: unary({}), precision: KINKED },
  LeakyRelu: { cases: unary({}, attribute("alpha", 0.01, 0.5)), precision: KINKED },
  ThresholdedRelu: {
    cases: unary({ kinks: [0, 0.5] }, fc.constantFrom({ alpha: 0 }, { alpha: 0.5 })),
    precision: KINKED,
  },
  PRelu: { cases: pRelu, precision: KINKED },
  Elu: { cases: unary({}, attribute("alpha", 0.5, 2)), precision: SMOOTH },
  Selu: { cases: unary({}, attribute("gamma", 0.5, 2)), precision: SMOOTH },
  Celu: { cases: unary({}, attribute("alpha", 0.5, 2)), precision: SMOOTH },
  Sigmoid: { cases: unary(wide), precision: SMOOTH },
  Tanh: { cases: unary(wide), precision: SMOOTH },
  Softplus: { cases: unary(wide), precision: SMOOTH },
  Softsign: { cases: unary(wide), precision: SMOOTH },
  HardSigmoid: { cases: unary(wide), precision: KINKED },
  HardSwish: { cases: unary(wide), precision: KINKED },
  Gelu: {
    cases: unary(wide, fc.constantFrom({}, { approximate: "none" }, { approximate: "tanh" }), 20),
    precision: SMOOTH,
  },
  Mish: { cases: unary(wide, fc.constant({}), 18), precision: SMOOTH },
  Sum: { cases: variadic, precision: STRAIGHT },
  Mean: { cases: variadic, precision: STRAIGHT },
  Max: { cases: variadic, precision: KINKED },
  Min: { cases: variadic, precision: KINKED },
  Where: { cases: where, precision: STRAIGHT },
  Clip: { cases: clip, precision: KINKED },
  Cast: { cases: unary(smooth, fc.constant({ to: 1 })), precision: STRAIGHT },
} satisfies Record<string, OpCases>;
