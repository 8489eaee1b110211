import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type NodeCase, runNode } from "../../test/onnxruntime.ts";
import { broadcastable, shapes } from "../../test/op-cases/tensors.ts";
import { float32, int64, type Node, ShapeScope, sizeOf, type Tensor, tensor } from "../index.ts";

type Case = Omit<NodeCase, "op">;
type Fill = (shape: readonly number[]) => fc.Arbitrary<Tensor>;

const filled =
  (values: fc.Arbitrary<number>, make: (shape: readonly number[], data: number[]) => Tensor): Fill =>
  (shape) =>
    fc.array(values, { minLength: sizeOf(shape), maxLength: sizeOf(shape) }).map((data) => make(shape, data));

const wholes = filled(fc.integer({ min: -5, max: 5 }), int64);
const divisors = filled(fc.constantFrom(-3, -2, -1, 1, 2, 3), int64);
const floats = filled(
  fc.integer({ min: -20, max: 20 }).map((n) => n / 4 + 0.1),
  float32,
);
const bools = filled(fc.nat(1), (shape, data) => tensor("bool", shape, Uint8Array.from(data)));

const operands = (...fills: readonly Fill[]): fc.Arbitrary<Case> =>
  broadcastable(fills.length).chain((drawn) =>
    fc.tuple(...drawn.map((shape, i) => fills[i]!(shape))).map((inputs) => ({ inputs })),
  );

const wholeOrFloat = (count: number): fc.Arbitrary<Case> =>
  fc.constantFrom(wholes, floats).chain((fill) => operands(...Array<Fill>(count).fill(fill)));

const vector = (...values: number[]) => int64([values.length], values);

const gather = fc.tuple(shapes(1, 3), shapes(0, 2), fc.nat(2)).chain(([shape, indices, at]) => {
  const axis = at % shape.length;
  const extent = shape[axis]!;
  return fc
    .tuple(wholes(shape), filled(fc.integer({ min: -extent, max: extent - 1 }), int64)(indices))
    .map((inputs): Case => ({ inputs, attributes: { axis } }));
});

const slice = fc
  .record({
    shape: shapes(2, 2),
    start: fc.integer({ min: -6, max: 6 }),
    end: fc.oneof(fc.integer({ min: -6, max: 6 }), fc.constant(2 ** 31)),
    step: fc.constantFrom(1, 2, -1, -2),
    axis: fc.constantFrom(0, 1, -1),
  })
  .chain(({ shape, start, end, step, axis }) =>
    wholes(shape).map((data): Case => ({ inputs: [data, vector(start), vector(end), vector(axis), vector(step)] })),
  );

const concat = fc
  .tuple(shapes(2, 2), shapes(1, 3), fc.constantFrom(0, 1, -1))
  .chain(([shape, extents, axis]) =>
    fc
      .tuple(...extents.map((extent) => wholes(shape.with(axis, extent))))
      .map((inputs): Case => ({ inputs, attributes: { axis } })),
  );

const transpose = shapes(1, 3).chain((shape) =>
  fc
    .tuple(wholes(shape), fc.option(fc.shuffledSubarray([...shape.keys()], { minLength: shape.length })))
    .map(([data, perm]): Case => ({ inputs: [data], attributes: perm ? { perm } : {} })),
);

const reshaped = (target: (size: number) => number[]): fc.Arbitrary<Case> =>
  shapes(1, 3).chain((shape) => wholes(shape).map((data) => ({ inputs: [data, vector(...target(sizeOf(shape)))] })));

const CASES: Readonly<Record<string, fc.Arbitrary<Case>>> = {
  Abs: wholeOrFloat(1),
  Add: wholeOrFloat(2),
  And: operands(bools, bools),
  Cast: fc
    .tuple(fc.constantFrom(wholes, floats, bools), fc.constantFrom(1, 6, 7, 9))
    .chain(([fill, to]) =>
      shapes(0, 2).chain((shape) => fill(shape).map((data): Case => ({ inputs: [data], attributes: { to } }))),
    ),
  Ceil: operands(floats),
  Concat: concat,
  ConstantOfShape: shapes(0, 3).chain((shape) =>
    fc
      .constantFrom({}, { value: int64([1], [7]) })
      .map((attributes): Case => ({ inputs: [vector(...shape)], attributes })),
  ),
  Div: fc.oneof(operands(wholes, divisors), operands(floats, floats)),
  Equal: operands(wholes, wholes),
  Expand: broadcastable(2).chain(([shape = [], target = []]) =>
    wholes(shape).map((data): Case => ({ inputs: [data, vector(...target)] })),
  ),
  Flatten: shapes(2, 3).chain((shape) =>
    wholes(shape).map((data): Case => ({ inputs: [data], attributes: { axis: 1 } })),
  ),
  Floor: operands(floats),
  Gather: gather,
  Greater: wholeOrFloat(2),
  GreaterOrEqual: wholeOrFloat(2),
  Identity: wholeOrFloat(1),
  Less: wholeOrFloat(2),
  LessOrEqual: wholeOrFloat(2),
  Max: fc.integer({ min: 1, max: 3 }).chain(wholeOrFloat),
  Min: fc.integer({ min: 1, max: 3 }).chain(wholeOrFloat),
  Mod: fc
    .tuple(operands(wholes, divisors), fc.constantFrom(0, 1))
    .map(([drawn, fmod]): Case => ({ ...drawn, attributes: { fmod } })),
  Mul: wholeOrFloat(2),
  Neg: wholeOrFloat(1),
  Not: operands(bools),
  Or: operands(bools, bools),
  Range: fc
    .tuple(fc.integer({ min: -4, max: 4 }), fc.integer({ min: -4, max: 9 }), fc.constantFrom(1, 2, -1))
    .map((bounds): Case => ({ inputs: bounds.map((bound) => int64([], [bound])) })),
  Reshape: reshaped((size) => [1, size]),
  Slice: slice,
  Squeeze: shapes(0, 2).chain((shape) => wholes([1, ...shape]).map((data): Case => ({ inputs: [data, vector(0)] }))),
  Sub: wholeOrFloat(2),
  Transpose: transpose,
  Unsqueeze: shapes(0, 2).chain((shape) => wholes(shape).map((data): Case => ({ inputs: [data, vector(0)] }))),
  Where: operands(bools, wholes, wholes),
};

/** The scope behind one node whose inputs are constants. */
function evaluated({ op, inputs, attributes = {} }: NodeCase): Tensor | undefined {
  const scope = new ShapeScope(17);
  for (const [i, input] of inputs.entries()) if (input) scope.declareConstant(`x${i}`, input);
  const names = inputs.map((input, i) => (input ? `x${i}` : ""));
  const node: Node = { op, domain: "", name: op, inputs: names, outputs: ["y"], attributes };
  scope.visit(node);
  return scope.constant("y");
}

describe("what is computed of constants is what onnxruntime computes", () => {
  it.each(Object.entries(CASES))("%s", async (op, cases) => {
    await fc.assert(
      fc.asyncProperty(cases, async (drawn) => {
        const value = evaluated({ op, ...drawn });
        expect(value).toBeDefined();
        expect([value]).toEqual(await runNode({ op, ...drawn }, [value!.dtype]));
      }),
      { numRuns: 15 },
    );
  });
});

describe("nothing is computed", () => {
  const two = int64([2], [1, 2]);

  it("of data: more than a thousand elements", () => {
    const many = int64([1025], Array<number>(1025).fill(1));
    expect(evaluated({ op: "Neg", inputs: [many] })).toBeUndefined();
    expect(evaluated({ op: "Expand", inputs: [two, int64([2], [600, 2])] })).toBeUndefined();
  });

  it("where integers are divided by zero", () => {
    expect(evaluated({ op: "Div", inputs: [two, int64([], [0])] })).toBeUndefined();
    expect(evaluated({ op: "Mod", inputs: [two, int64([], [0])] })).toBeUndefined();
  });

  it("that a double would round, though it is passed on whole", () => {
    const end = int64([], [2n ** 63n - 1n]);
    expect(evaluated({ op: "Sub", inputs: [end, int64([], [1])] })).toBeUndefined();
    expect(evaluated({ op: "Unsqueeze", inputs: [end, vector(0)] })).toEqual(int64([1], [2n ** 63n - 1n]));
  });
});
