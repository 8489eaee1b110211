/** How each ONNX element type is held in memory. 16-bit floats are held as their bits; booleans as 0 and 1. */
export interface DataOf {
  float32: Float32Array;
  float64: Float64Array;
  float16: Uint16Array;
  bfloat16: Uint16Array;
  int8: Int8Array;
  int16: Int16Array;
  int32: Int32Array;
  int64: BigInt64Array;
  uint8: Uint8Array;
  uint16: Uint16Array;
  uint32: Uint32Array;
  uint64: BigUint64Array;
  bool: Uint8Array;
  string: string[];
}

export type DataType = keyof DataOf;

/** The array that holds each type's elements; strings are held in a plain array and are not listed. */
export const ARRAY_OF: {
  readonly [T in Exclude<DataType, "string">]: new (
    source: number | ArrayBufferLike,
  ) => DataOf[T];
} = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
};

const FLOATS: ReadonlySet<DataType> = new Set(["float32", "float64", "float16", "bfloat16"]);

export const isFloat = (dtype: DataType): boolean => FLOATS.has(dtype);
