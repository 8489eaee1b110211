import fc from "fast-check";
import { float32, int64, PROTO_TYPE_OF, tensor } from "../../src/index.ts";
import {
  axisOf,
  type Cases,
  emptyableShapes,
  extent,
  floatVector,
  ints,
  maybe,
  merge,
  ones,
  shapes,
  vector,
} from "./tensors.ts";

const oneHot: Cases = emptyableShapes(1, 3).chain((shape) =>
  fc.tuple(maybe("axis", axisOf(shape.length + 1)), extent).map(([attributes, depth]) => ({
    inputs: [ints(shape, 0), int64([], [depth]), floatVector([0, 1])],
    constants: [1],
    attributes,
  })),
);

const range: Cases = fc
  .record({
    start: fc.integer({ min: -50, max: 50 }),
    limit: fc.integer({ min: -50, max: 50 }),
    delta: fc.integer({ min: 1, max: 9 }),
    sign: fc.constantFrom(1, -1),
    dtype: fc.constantFrom("int64", "int32", "float32", "float64"),
  })
  .map(({ start, limit, delta, sign, dtype }) => {
    const numbers = [start, limit, delta * sign];
    const tenths = numbers.map((value) => value / 10);
    const inputs = {
      int64: numbers.map((value) => int64([], [value])),
      int32: numbers.map((value) => tensor("int32", [], Int32Array.of(value))),
      float32: tenths.map((value) => float32([], [value])),
      float64: tenths.map((value) => tensor("float64", [], Float64Array.of(value))),
    };
    return { inputs: inputs[dtype], constants: [0, 1, 2] };
  });

const constant: Cases = fc
  .constantFrom(
    { value: tensor("int32", [2, 1], Int32Array.of(1, 2)) },
    { value_int: 3 },
    { value_ints: [3, 4] },
    { value_float: 3 },
    { value_floats: [3, 4, 5] },
    { value_string: "a" },
    { value_strings: ["a", "b"] },
  )
  .map((attributes) => ({ inputs: [], attributes }));

export const CREATION_CASES: Readonly<Record<string, Cases>> = {
  Constant: constant,
  ConstantOfShape: fc
    .tuple(emptyableShapes(0, 3), maybe("value", fc.constant(tensor("int64", [1], BigInt64Array.of(3n)))))
    .map(([shape, attributes]) => ({ inputs: [vector(shape)], constants: [0], attributes })),
  EyeLike: fc
    .tuple(
      shapes(2, 2),
      maybe("dtype", fc.constantFrom(PROTO_TYPE_OF.int64, PROTO_TYPE_OF.float64)),
      maybe("k", fc.integer({ min: -1, max: 1 })),
    )
    .map(([shape, dtype, k]) => ({ inputs: [ones(shape)], attributes: { ...dtype, ...k } })),
  OneHot: oneHot,
  Range: range,
  Shape: emptyableShapes(0, 4).chain((shape) =>
    merge(maybe("start", fc.integer({ min: -6, max: 6 })), maybe("end", fc.integer({ min: -6, max: 6 }))).map(
      (attributes) => ({
        inputs: [ones(shape)],
        attributes,
      }),
    ),
  ),
  Size: emptyableShapes(0, 4).map((shape) => ({ inputs: [ones(shape)] })),
};
