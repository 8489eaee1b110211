/**
 * The messages of onnx.proto, as far as this package models them: `field: [number, kind]`, in the order of the numbers.
 * A kind is a scalar of protobuf's or the name of a message. "list" repeats; of the fields of a message that are
 * "oneof", the last one written stands. What is written down as bytes though it is a message is refused, not read.
 * @see https://github.com/onnx/onnx/blob/v1.20.0/onnx/onnx.proto
 */
export const MESSAGES = {
  ModelProto: {
    irVersion: [1, "int64"],
    producerName: [2, "string"],
    producerVersion: [3, "string"],
    docString: [6, "string"],
    graph: [7, "GraphProto"],
    opsetImport: [8, "OperatorSetIdProto", "list"],
    metadataProps: [14, "StringStringEntryProto", "list"],
    functions: [25, "bytes", "list"],
  },
  OperatorSetIdProto: {
    domain: [1, "string"],
    version: [2, "int64"],
  },
  StringStringEntryProto: {
    key: [1, "string"],
    value: [2, "string"],
  },
  GraphProto: {
    node: [1, "NodeProto", "list"],
    name: [2, "string"],
    initializer: [5, "TensorProto", "list"],
    input: [11, "ValueInfoProto", "list"],
    output: [12, "ValueInfoProto", "list"],
    valueInfo: [13, "ValueInfoProto", "list"],
    sparseInitializer: [15, "bytes", "list"],
  },
  NodeProto: {
    input: [1, "string", "list"],
    output: [2, "string", "list"],
    name: [3, "string"],
    opType: [4, "string"],
    attribute: [5, "AttributeProto", "list"],
    domain: [7, "string"],
  },
  AttributeProto: {
    name: [1, "string"],
    f: [2, "float"],
    i: [3, "int64"],
    s: [4, "bytes"],
    t: [5, "TensorProto"],
    g: [6, "GraphProto"],
    floats: [7, "float", "list"],
    ints: [8, "int64", "list"],
    strings: [9, "bytes", "list"],
    graphs: [11, "GraphProto", "list"],
    type: [20, "int32"],
  },
  TensorProto: {
    dims: [1, "int64", "list"],
    dataType: [2, "int32"],
    floatData: [4, "float", "list"],
    int32Data: [5, "int32", "list"],
    stringData: [6, "bytes", "list"],
    int64Data: [7, "int64", "list"],
    name: [8, "string"],
    rawData: [9, "bytes"],
    doubleData: [10, "double", "list"],
    uint64Data: [11, "uint64", "list"],
    externalData: [13, "StringStringEntryProto", "list"],
    dataLocation: [14, "int32"],
  },
  ValueInfoProto: {
    name: [1, "string"],
    type: [2, "TypeProto"],
  },
  TypeProto: {
    tensorType: [1, "TensorTypeProto", "oneof"],
    sequenceType: [4, "bytes", "oneof"],
    mapType: [5, "bytes", "oneof"],
    sparseTensorType: [8, "bytes", "oneof"],
    optionalType: [9, "bytes", "oneof"],
  },
  TensorTypeProto: {
    elemType: [1, "int32"],
    shape: [2, "TensorShapeProto"],
  },
  TensorShapeProto: {
    dim: [1, "DimensionProto", "list"],
  },
  DimensionProto: {
    dimValue: [1, "int64", "oneof"],
    dimParam: [2, "string", "oneof"],
  },
} as const;

export const ATTRIBUTE_TYPE = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
  graphs: 10,
} as const;

/** `TensorProto.dataLocation` of data in another file. */
export const EXTERNAL = 1;

type Messages = typeof MESSAGES;
export type MessageName = keyof Messages;

interface Scalars {
  readonly int32: number;
  readonly int64: bigint;
  readonly uint64: bigint;
  readonly float: number;
  readonly double: number;
  readonly string: string;
  readonly bytes: Uint8Array;
}
export type ScalarKind = keyof Scalars;
export type FieldKind = ScalarKind | MessageName;
export type Field = readonly [number: number, kind: FieldKind, cardinality?: "list" | "oneof"];

type Read<Kind> = Kind extends ScalarKind ? Scalars[Kind] : Kind extends MessageName ? Proto<Kind> : never;

/** A message as it is read: scalars that are absent are zero or empty; messages and the fields of a oneof, undefined. */
export type Proto<Name extends MessageName> = {
  readonly [F in keyof Messages[Name]]: Messages[Name][F] extends readonly [number, infer Kind, "list"]
    ? readonly Read<Kind>[]
    : Messages[Name][F] extends readonly [number, infer Kind extends ScalarKind]
      ? Scalars[Kind]
      : Messages[Name][F] extends readonly [number, infer Kind, "oneof"?]
        ? Read<Kind> | undefined
        : never;
};

type Written<Kind> = Kind extends ScalarKind ? Scalars[Kind] : Kind extends MessageName ? ProtoInit<Kind> : never;

/** A message as it is written: the fields that are there, be they zero or empty. */
export type ProtoInit<Name extends MessageName> = {
  readonly [F in keyof Messages[Name]]?: Messages[Name][F] extends readonly [number, infer Kind, "list"]
    ? readonly Written<Kind>[]
    : Messages[Name][F] extends readonly [number, infer Kind, ...unknown[]]
      ? Written<Kind>
      : never;
};
