import { TensorProto_DataType } from "onnx-buf";
import type { DataType } from "../dtype.ts";
import { DecodeError } from "../errors.ts";

const T = TensorProto_DataType;

export const PROTO_TYPE_OF: { readonly [D in DataType]: TensorProto_DataType } = {
  float32: T.FLOAT,
  float64: T.DOUBLE,
  float16: T.FLOAT16,
  bfloat16: T.BFLOAT16,
  int8: T.INT8,
  int16: T.INT16,
  int32: T.INT32,
  int64: T.INT64,
  uint8: T.UINT8,
  uint16: T.UINT16,
  uint32: T.UINT32,
  uint64: T.UINT64,
  bool: T.BOOL,
  string: T.STRING,
};

export const DTYPE_OF_PROTO: ReadonlyMap<number, DataType> = new Map(
  Object.entries(PROTO_TYPE_OF).map(([dtype, proto]) => [proto, dtype as DataType]),
);

/** @throws DecodeError for complex, 8-bit float and 4-bit types. */
export function dtypeFromProto(type: number, where: string): DataType {
  const dtype = DTYPE_OF_PROTO.get(type);
  if (dtype === undefined)
    throw new DecodeError(
      `${where}: element type ${T[type] ?? type} is not supported. Supported: ${[...DTYPE_OF_PROTO.values()].join(", ")}.`,
    );
  return dtype;
}
