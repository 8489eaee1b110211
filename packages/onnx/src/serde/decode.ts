import { fromBinary } from "@bufbuild/protobuf";
import {
  type AttributeProto,
  AttributeProto_AttributeType,
  type GraphProto,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  type TensorProto,
  TensorProto_DataLocation,
  TensorProtoSchema,
  type TypeProto,
  type ValueInfoProto,
} from "onnx-buf";
import { ARRAY_OF, type DataType } from "../dtype.ts";
import { DecodeError } from "../errors.ts";
import type { Attribute, AttributeType, Dim, Graph, Model, Node, ValueInfo, ValueType } from "../graph.ts";
import { sizeOf, type Tensor } from "../tensor.ts";
import { attributeType } from "./attribute-types.ts";
import { dtypeFromProto } from "./data-types.ts";
import { textFromBytes } from "./text.ts";

/**
 * Reads a serialised `ModelProto`.
 * @throws DecodeError when the bytes are not one, or hold sparse tensors, external data or unsupported element types.
 * @see https://github.com/onnx/onnx/blob/main/docs/IR.md
 */
export function decodeModel(bytes: Uint8Array): Model {
  const proto = parse(() => fromBinary(ModelProtoSchema, bytes), "an ONNX model");
  return modelFromProto(proto);
}

/** Reads a serialised `TensorProto`, as in the `.pb` files of ONNX's backend tests. */
export function decodeTensor(bytes: Uint8Array): Tensor & { readonly name: string } {
  const proto = parse(() => fromBinary(TensorProtoSchema, bytes), "an ONNX tensor");
  return { ...tensorFromProto(proto), name: proto.name };
}

function parse<T>(read: () => T, what: string): T {
  try {
    return read();
  } catch (cause) {
    throw new DecodeError(`These bytes are not ${what}: ${(cause as Error).message}.`, { cause });
  }
}

function modelFromProto(proto: ModelProto): Model {
  if (proto.graph === undefined) throw new DecodeError("These bytes are not an ONNX model: there is no graph in them.");
  if (proto.functions.length > 0)
    throw new DecodeError(`The model defines ${proto.functions.length} functions of its own; inline them first.`);
  return {
    irVersion: Number(proto.irVersion),
    opsets: Object.fromEntries(
      proto.opsetImport.map(({ domain, version }) => [domain === "ai.onnx" ? "" : domain, Number(version)]),
    ),
    producerName: proto.producerName,
    producerVersion: proto.producerVersion,
    docString: proto.docString,
    metadata: Object.fromEntries(proto.metadataProps.map(({ key, value }) => [key, value])),
    graph: graphFromProto(proto.graph),
  };
}

function graphFromProto(proto: GraphProto): Graph {
  if (proto.sparseInitializer.length > 0)
    throw new DecodeError(`Graph "${proto.name}" has sparse initializers, which are not supported.`);
  return {
    name: proto.name,
    inputs: proto.input.map(valueInfoFromProto),
    outputs: proto.output.map(valueInfoFromProto),
    initializers: new Map(proto.initializer.map((tensor) => [tensor.name, tensorFromProto(tensor)])),
    nodes: proto.node.map(nodeFromProto),
    values: new Map(
      proto.valueInfo.flatMap((info) => {
        const type = info.type && typeFromProto(info.type, info.name);
        return type ? [[info.name, type] as const] : [];
      }),
    ),
  };
}

function valueInfoFromProto(proto: ValueInfoProto): ValueInfo {
  const type = proto.type && typeFromProto(proto.type, proto.name);
  if (!type)
    throw new DecodeError(`Value "${proto.name}" is not a tensor; sequences, maps and optionals are not supported.`);
  return { name: proto.name, ...type };
}

function typeFromProto({ value }: TypeProto, name: string): ValueType | undefined {
  if (value.case !== "tensorType") return undefined;
  const dtype = dtypeFromProto(value.value.elemType, `Value "${name}"`);
  const dims = value.value.shape?.dim;
  if (dims === undefined) return { dtype };
  const shape = dims.map(
    ({ value: dim }, axis): Dim => (dim.case === "dimValue" ? Number(dim.value) : dim.value || `${name}_dim${axis}`),
  );
  return { dtype, shape };
}

function nodeFromProto(proto: NodeProto): Node {
  const attributes: Record<string, Attribute> = {};
  const attributeTypes: Record<string, AttributeType> = {};
  for (const attribute of proto.attribute) {
    const [type, value] = attributeFromProto(attribute, proto);
    attributes[attribute.name] = value;
    if (attributeType(attribute.name, value) !== type) attributeTypes[attribute.name] = type;
  }
  return {
    op: proto.opType,
    domain: proto.domain === "ai.onnx" ? "" : proto.domain,
    name: proto.name,
    inputs: proto.input,
    outputs: proto.output,
    attributes,
    ...(Object.keys(attributeTypes).length > 0 && { attributeTypes }),
  };
}

/** Strings are bytes in the format; those that are not UTF-8 stay bytes. */
function stringFromBytes(bytes: Uint8Array): string | Uint8Array {
  try {
    return textFromBytes(bytes);
  } catch {
    return bytes;
  }
}

function attributeFromProto(proto: AttributeProto, node: NodeProto): [AttributeType, Attribute] {
  const A = AttributeProto_AttributeType;
  switch (proto.type) {
    case A.INT:
      return ["int", Number(proto.i)];
    case A.FLOAT:
      return ["float", proto.f];
    case A.STRING:
      return ["string", stringFromBytes(proto.s)];
    case A.TENSOR:
      return ["tensor", tensorFromProto(proto.t!)];
    case A.GRAPH:
      return ["graph", graphFromProto(proto.g!)];
    case A.INTS:
      return ["ints", proto.ints.map(Number)];
    case A.FLOATS:
      return ["floats", proto.floats];
    case A.STRINGS:
      return ["strings", proto.strings.map((bytes) => textFromBytes(bytes))];
    case A.GRAPHS:
      return ["graphs", proto.graphs.map(graphFromProto)];
    default:
      throw new DecodeError(
        `${node.opType} "${node.name}": attribute "${proto.name}" has type ${A[proto.type]}, which is not supported.`,
      );
  }
}

function tensorFromProto(proto: TensorProto): Tensor {
  const where = `Tensor "${proto.name}"`;
  if (proto.dataLocation === TensorProto_DataLocation.EXTERNAL)
    throw new DecodeError(`${where} keeps its data in another file. Save the model with its data inside.`);
  const dtype = dtypeFromProto(proto.dataType, where);
  const shape = proto.dims.map(Number);
  const data =
    dtype === "string" ? proto.stringData.map((bytes) => textFromBytes(bytes)) : numbersFromProto(proto, dtype, where);
  if (data.length !== sizeOf(shape))
    throw new DecodeError(`${where}: [${shape.join(", ")}] needs ${sizeOf(shape)} elements, found ${data.length}.`);
  return { dtype, shape, data } as Tensor;
}

function numbersFromProto(proto: TensorProto, dtype: Exclude<DataType, "string">, where: string): Tensor["data"] {
  if (proto.rawData.length > 0) {
    const array = ARRAY_OF[dtype];
    const width = new array(0).BYTES_PER_ELEMENT;
    if (proto.rawData.length % width !== 0)
      throw new DecodeError(`${where}: ${proto.rawData.length} bytes are not a whole number of ${dtype} elements.`);
    return new array(proto.rawData.slice().buffer);
  }
  switch (dtype) {
    case "float32":
      return Float32Array.from(proto.floatData);
    case "float64":
      return Float64Array.from(proto.doubleData);
    case "int64":
      return BigInt64Array.from(proto.int64Data);
    case "uint64":
      return BigUint64Array.from(proto.uint64Data);
    case "uint32":
      return Uint32Array.from(proto.uint64Data, Number);
    default: {
      const data = new ARRAY_OF[dtype](proto.int32Data.length) as Uint8Array;
      data.set(proto.int32Data);
      return data;
    }
  }
}
