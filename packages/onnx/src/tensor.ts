import { ARRAY_OF, type DataOf, type DataType } from "./dtype.ts";
import { int64Of } from "./int64.ts";

/** A dense tensor: `data` holds the product of `shape` elements in row-major order. */
export type Tensor = { [T in DataType]: TensorOf<T> }[DataType];

export interface TensorOf<T extends DataType> {
  readonly dtype: T;
  readonly shape: readonly number[];
  readonly data: DataOf[T];
}

/** The number of elements of a shape; 1 for a scalar's empty shape. */
export const sizeOf = (shape: readonly number[]): number => shape.reduce((size, dim) => size * dim, 1);

/** @throws Error when `data` does not hold as many elements as `shape` says. */
export function tensor<T extends DataType>(dtype: T, shape: readonly number[], data: DataOf[T]): TensorOf<T> {
  if (data.length !== sizeOf(shape))
    throw new RangeError(`${dtype}[${shape.join(", ")}] holds ${sizeOf(shape)} elements, found ${data.length}.`);
  return { dtype, shape, data };
}

export const float32 = (shape: readonly number[], values: Iterable<number>): TensorOf<"float32"> =>
  tensor("float32", shape, values instanceof Float32Array ? values : Float32Array.from(values));

export const int64 = (shape: readonly number[], values: Iterable<number | bigint>): TensorOf<"int64"> =>
  tensor(
    "int64",
    shape,
    values instanceof BigInt64Array ? values : BigInt64Array.from(values as Iterable<bigint>, int64Of),
  );

/** A rank-0 float32. */
export const scalar = (value: number): TensorOf<"float32"> => float32([], [value]);

/** Zeros of a numeric type. */
export const zeros = <T extends Exclude<DataType, "string">>(dtype: T, shape: readonly number[]): TensorOf<T> => ({
  dtype,
  shape,
  data: new ARRAY_OF[dtype](sizeOf(shape)) as DataOf[T],
});

/** Whether the elements are numbers here: strings are not, and 16-bit floats are held as bits. */
export const holdsNumbers = ({ dtype }: Tensor): boolean =>
  dtype !== "string" && dtype !== "float16" && dtype !== "bfloat16";

/**
 * The elements as JavaScript numbers.
 * @throws RangeError for string and 16-bit float tensors, whose elements are not numbers here.
 */
export function numbersOf(tensor: Tensor): number[] {
  if (!holdsNumbers(tensor)) throw new RangeError(`A ${tensor.dtype} tensor's elements cannot be read as numbers.`);
  return Array.from(tensor.data as Iterable<number | bigint>, Number);
}
