import fc from "fast-check";
import { float32, int64, type Tensor, type TensorOf, tensor, zeros } from "../../src/index.ts";
import type { NodeCase } from "../onnxruntime.ts";

/** Nodes of one operator that onnxruntime accepts. */
export type Cases = fc.Arbitrary<Omit<NodeCase, "op">>;

export const ones = (shape: readonly number[]): TensorOf<"float32"> =>
  float32(shape, new Float32Array(shape.reduce((size, dim) => size * dim, 1)).fill(1));

export const bools = (shape: readonly number[]): TensorOf<"bool"> => zeros("bool", shape);

export const ints = (shape: readonly number[], value = 1): TensorOf<"int64"> =>
  int64(shape, new BigInt64Array(shape.reduce((size, dim) => size * dim, 1)).fill(BigInt(value)));

/** An int64 vector. */
export const vector = (values: readonly number[]): TensorOf<"int64"> => int64([values.length], values);

export const floatVector = (values: readonly number[]): TensorOf<"float32"> => float32([values.length], values);

export const bool = (value: boolean): TensorOf<"bool"> => tensor("bool", [], Uint8Array.of(Number(value)));

export const extent: fc.Arbitrary<number> = fc.integer({ min: 1, max: 5 });

export const shapes = (minLength: number, maxLength: number): fc.Arbitrary<number[]> =>
  fc.array(extent, { minLength, maxLength });

/** Shapes in which an extent may be 0. */
export const emptyableShapes = (minLength: number, maxLength: number): fc.Arbitrary<number[]> =>
  fc.array(fc.nat({ max: 4 }), { minLength, maxLength });

/** An axis of a rank, from either end. */
export const axisOf = (rank: number): fc.Arbitrary<number> => fc.integer({ min: -rank, max: rank - 1 });

/** Some axes of a rank, each once, from either end and in any order. */
export const axesOf = (rank: number, minLength = 0): fc.Arbitrary<number[]> =>
  fc
    .shuffledSubarray(
      Array.from({ length: rank }, (_, axis) => axis),
      { minLength },
    )
    .chain((axes) => fc.tuple(...axes.map((axis) => fc.boolean().map((fromEnd) => (fromEnd ? axis - rank : axis)))));

/** Shapes that broadcast together: leading axes dropped, extents replaced by 1. */
export const broadcastable = (count: number): fc.Arbitrary<number[][]> =>
  emptyableShapes(0, 4).chain((target) =>
    fc.array(
      fc
        .tuple(fc.nat({ max: target.length }), fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }))
        .map(([dropped, single]) => target.slice(dropped).map((dim, axis) => (single[axis] ? 1 : dim))),
      { minLength: count, maxLength: count },
    ),
  );

export const flag: fc.Arbitrary<0 | 1> = fc.constantFrom(0, 1);

/** The attribute, or nothing: then the specification's default holds. */
export const maybe = <T>(name: string, values: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> =>
  fc
    .option(values, { nil: undefined })
    .map((value) => (value === undefined ? {} : ({ [name]: value } as Record<string, T>)));

export const merge = (...parts: fc.Arbitrary<object>[]): fc.Arbitrary<Record<string, never>> =>
  fc.tuple(...parts).map((values) => Object.assign({}, ...values));

export type { Tensor };
