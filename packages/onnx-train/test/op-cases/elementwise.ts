import { float32, int64 } from "@glyphcast/onnx";
import fc from "fast-check";
import type { OpCase } from "../numeric.ts";
import { bools, broadcastable, floats, type Spread, seeds, shapes, spread } from "../values.ts";
import type { OpCases } from "./op-cases.ts";

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
  Add: { cases: binary(smooth) },
  Sub: { cases: binary(smooth) },
  Mul: { cases: binary(smooth) },
  Div: { cases: binary({ from: 0.5, to: 2 }) },
  Pow: { cases: power },
  Neg: { cases: unary(smooth) },
  Abs: { cases: unary({}) },
  Sqrt: { cases: unary(positive) },
  Reciprocal: { cases: unary({ from: 0.5, to: 2 }) },
  Exp: { cases: unary(smooth) },
  Log: { cases: unary(positive) },
  Sin: { cases: unary(wide) },
  Cos: { cases: unary(wide) },
  Erf: { cases: unary(smooth) },
  Identity: { cases: unary(smooth) },
  Relu: { cases: unary({}) },
  LeakyRelu: { cases: unary({}, attribute("alpha", 0.01, 0.5)) },
  PRelu: { cases: pRelu },
  Elu: { cases: unary({}, attribute("alpha", 0.5, 2)) },
  Selu: { cases: unary({}, attribute("gamma", 0.5, 2)) },
  Celu: { cases: unary({}, attribute("alpha", 0.5, 2)) },
  Sigmoid: { cases: unary(wide) },
  Tanh: { cases: unary(wide) },
  Softplus: { cases: unary(wide) },
  Softsign: { cases: unary(wide) },
  HardSigmoid: { cases: unary(wide) },
  HardSwish: { cases: unary(wide) },
  Gelu: { cases: unary(wide, fc.constantFrom({}, { approximate: "none" }, { approximate: "tanh" }), 20) },
  Mish: { cases: unary(wide, fc.constant({}), 18) },
  Max: { cases: variadic },
  Min: { cases: variadic },
  Where: { cases: where },
  Clip: { cases: clip },
  Cast: { cases: unary(smooth, fc.constant({ to: 1 })) },
} satisfies Record<string, OpCases>;
