import type { DataType } from "../dtype.ts";
import { DecodeError } from "../errors.ts";

/** `TensorProto.DataType` of onnx.proto. */
export const PROTO_TYPE_OF: { readonly [D in DataType]: number } = {
  float32: 1,
  float64: 11,
  float16: 10,
  bfloat16: 16,
  int8: 3,
  int16: 5,
  int32: 6,
  int64: 7,
  uint8: 2,
  uint16: 4,
  uint32: 12,
  uint64: 13,
  bool: 9,
  string: 8,
};

const UNSUPPORTED: Readonly<Record<number, string>> = {
  0: "UNDEFINED",
  14: "COMPLEX64",
  15: "COMPLEX128",
  17: "FLOAT8E4M3FN",
  18: "FLOAT8E4M3FNUZ",
  19: "FLOAT8E5M2",
  20: "FLOAT8E5M2FNUZ",
  21: "UINT4",
  22: "INT4",
  23: "FLOAT4E2M1",
  24: "FLOAT8E8M0",
  25: "UINT2",
  26: "INT2",
};

export const DTYPE_OF_PROTO: ReadonlyMap<number, DataType> = new Map(
  Object.entries(PROTO_TYPE_OF).map(([dtype, proto]) => [proto, dtype as DataType]),
);

/** @throws DecodeError for complex, 8-bit float and 4-bit types. */
export function dtypeFromProto(type: number, where: string): DataType {
  const dtype = DTYPE_OF_PROTO.get(type);
  if (dtype === undefined)
    throw new DecodeError(
      `${where}: element type ${UNSUPPORTED[type] ?? type} is not supported. Supported: ${[...DTYPE_OF_PROTO.values()].join(", ")}.`,
    );
  return dtype;
}
