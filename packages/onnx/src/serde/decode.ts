import { ARRAY_OF, type DataType } from "../dtype.ts";
import { DecodeError } from "../errors.ts";
import {
  type Attribute,
  type AttributeType,
  type Dim,
  describeNode,
  type Graph,
  type Model,
  type Node,
  type ValueInfo,
  type ValueType,
} from "../graph.ts";
import { sizeOf, type Tensor } from "../tensor.ts";
import { attributeType } from "./attribute-types.ts";
import { dtypeFromProto } from "./data-types.ts";
import { type ExternalData, externalTensors, insertExternalData } from "./external-data.ts";
import { ATTRIBUTE_TYPE, EXTERNAL, type Proto } from "./messages.ts";
import { readMessage } from "./read-message.ts";
import { textFromBytes } from "./text.ts";

export interface DecodeOptions {
  /** The files that `externalDataOf` lists, by their locations. */
  readonly external?: ReadonlyMap<string, Uint8Array>;
}

/**
 * Reads a serialised `ModelProto`.
 * @throws DecodeError when the bytes are not one, or hold sparse tensors, unsupported element types, or external data
 *   that is not given.
 * @see https://github.com/onnx/onnx/blob/main/docs/IR.md
 */
export function decodeModel(bytes: Uint8Array, { external }: DecodeOptions = {}): Model {
  const proto = protoFrom(bytes);
  if (external) insertExternalData(proto, external);
  return modelFromProto(proto);
}

/**
 * What a serialised model keeps in other files.
 * @throws DecodeError when the bytes are not a model, or say it in other words than the format's.
 */
export function externalDataOf(bytes: Uint8Array): readonly ExternalData[] {
  return externalTensors(protoFrom(bytes)).map(([, data]) => data);
}

const protoFrom = (bytes: Uint8Array): Proto<"ModelProto"> =>
  parse(() => readMessage("ModelProto", plain(bytes)), "an ONNX model");

/** Reads a serialised `TensorProto`, as in the `.pb` files of ONNX's backend tests. */
export function decodeTensor(bytes: Uint8Array): Tensor & { readonly name: string } {
  const proto = parse(() => readMessage("TensorProto", plain(bytes)), "an ONNX tensor");
  return { ...tensorFromProto(proto), name: proto.name };
}

/** Node's Buffer is a Uint8Array whose `slice` does not copy. */
const plain = ({ buffer, byteOffset, byteLength }: Uint8Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

function parse<T>(read: () => T, what: string): T {
  try {
    return read();
  } catch (cause) {
    throw new DecodeError(`These bytes are not ${what}: ${(cause as Error).message}.`, { cause });
  }
}

function modelFromProto(proto: Proto<"ModelProto">): Model {
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

function graphFromProto(proto: Proto<"GraphProto">): Graph {
  if (proto.sparseInitializer.length > 0)
    throw new DecodeError(`Graph "${proto.name}" has sparse initializers, which are not supported.`);
  return {
    name: proto.name,
    inputs: proto.input.map(valueInfoFromProto),
    outputs: proto.output.map(valueInfoFromProto),
    initializers: new Map(
      unique(proto.initializer, `Graph "${proto.name}": initializer`).map((tensor) => [
        tensor.name,
        tensorFromProto(tensor),
      ]),
    ),
    nodes: proto.node.map(nodeFromProto),
    values: new Map(
      proto.valueInfo.flatMap((info) => {
        const type = info.type && typeFromProto(info.type, info.name);
        return type ? [[info.name, type] as const] : [];
      }),
    ),
  };
}

/** @throws DecodeError when two items have one name, of which a map would lose the first. */
function unique<T extends { readonly name: string }>(items: readonly T[], what: string): readonly T[] {
  const names = new Set<string>();
  for (const { name } of items) {
    if (names.has(name)) throw new DecodeError(`${what} "${name}" is there twice.`);
    names.add(name);
  }
  return items;
}

function valueInfoFromProto(proto: Proto<"ValueInfoProto">): ValueInfo {
  if (!proto.type) throw new DecodeError(`Value "${proto.name}" has no type; run shape inference before saving.`);
  const type = typeFromProto(proto.type, proto.name);
  if (!type)
    throw new DecodeError(`Value "${proto.name}" is not a tensor; sequences, maps and optionals are not supported.`);
  return { name: proto.name, ...type };
}

function typeFromProto({ tensorType }: Proto<"TypeProto">, name: string): ValueType | undefined {
  if (tensorType === undefined) return undefined;
  const dtype = dtypeFromProto(tensorType.elemType, `Value "${name}"`);
  const dims = tensorType.shape?.dim;
  if (dims === undefined) return { dtype };
  return { dtype, shape: dims.map((dim, axis) => dimFromProto(dim, `${name}_dim${axis}`)) };
}

/** Exporters write "not known" as an empty name, as a negative extent, or not at all. */
function dimFromProto({ dimValue, dimParam }: Proto<"DimensionProto">, unknown: string): Dim {
  if (dimValue === undefined) return dimParam || unknown;
  return dimValue < 0n ? unknown : Number(dimValue);
}

function nodeFromProto(proto: Proto<"NodeProto">): Node {
  const node: Node = {
    op: proto.opType,
    domain: proto.domain === "ai.onnx" ? "" : proto.domain,
    name: proto.name,
    inputs: proto.input,
    outputs: proto.output,
    attributes: {},
  };
  const where = describeNode(node);
  const decoded = unique(proto.attribute, `${where}: attribute`).map(
    (attribute) => [attribute.name, ...attributeFromProto(attribute, where)] as const,
  );
  const attributes = Object.fromEntries(decoded.map(([name, , value]) => [name, value]));
  const unusual = decoded.filter(([name, type, value]) => attributeType(node.op, name, value) !== type);
  if (unusual.length === 0) return { ...node, attributes };
  return { ...node, attributes, attributeTypes: Object.fromEntries(unusual.map(([name, type]) => [name, type])) };
}

/** Strings are bytes in the format; those that are not UTF-8 stay bytes. */
function stringFromBytes(bytes: Uint8Array): string | Uint8Array {
  try {
    return textFromBytes(bytes);
  } catch {
    return bytes.slice();
  }
}

function textsFromProto(items: readonly Uint8Array[], where: string): string[] {
  try {
    return items.map(textFromBytes);
  } catch (cause) {
    throw new DecodeError(`${where} has strings that are not UTF-8, which are not supported.`, { cause });
  }
}

const UNSUPPORTED_TYPES: Readonly<Record<number, string>> = {
  0: "UNDEFINED",
  9: "TENSORS",
  11: "SPARSE_TENSOR",
  12: "SPARSE_TENSORS",
  13: "TYPE_PROTO",
  14: "TYPE_PROTOS",
};

function attributeFromProto(proto: Proto<"AttributeProto">, node: string): [AttributeType, Attribute] {
  const where = `${node}: attribute "${proto.name}"`;
  switch (proto.type) {
    case ATTRIBUTE_TYPE.int:
      return ["int", Number(proto.i)];
    case ATTRIBUTE_TYPE.float:
      return ["float", proto.f];
    case ATTRIBUTE_TYPE.string:
      return ["string", stringFromBytes(proto.s)];
    case ATTRIBUTE_TYPE.tensor:
      return ["tensor", tensorFromProto(proto.t ?? absent(where))];
    case ATTRIBUTE_TYPE.graph:
      return ["graph", graphFromProto(proto.g ?? absent(where))];
    case ATTRIBUTE_TYPE.ints:
      return ["ints", proto.ints.map(Number)];
    case ATTRIBUTE_TYPE.floats:
      return ["floats", proto.floats];
    case ATTRIBUTE_TYPE.strings:
      return ["strings", textsFromProto(proto.strings, where)];
    case ATTRIBUTE_TYPE.graphs:
      return ["graphs", proto.graphs.map(graphFromProto)];
    default:
      throw new DecodeError(
        `${where} has type ${UNSUPPORTED_TYPES[proto.type] ?? proto.type}, which is not supported.`,
      );
  }
}

function absent(where: string): never {
  throw new DecodeError(`${where} has no value.`);
}

function tensorFromProto(proto: Proto<"TensorProto">): Tensor {
  const where = `Tensor "${proto.name}"`;
  if (proto.dataLocation === EXTERNAL)
    throw new DecodeError(
      `${where} keeps its data in another file. Give decodeModel that file, or save the model with its data inside.`,
    );
  const dtype = dtypeFromProto(proto.dataType, where);
  const shape = proto.dims.map(Number);
  if (!shape.every((dim) => dim >= 0 && Number.isSafeInteger(dim)))
    throw new DecodeError(`${where}: [${shape.join(", ")}] is not a shape.`);
  const data = dtype === "string" ? textsFromProto(proto.stringData, where) : numbersFromProto(proto, dtype, where);
  if (data.length !== sizeOf(shape))
    throw new DecodeError(`${where}: [${shape.join(", ")}] needs ${sizeOf(shape)} elements, found ${data.length}.`);
  return { dtype, shape, data } as Tensor;
}

function numbersFromProto(
  proto: Proto<"TensorProto">,
  dtype: Exclude<DataType, "string">,
  where: string,
): Tensor["data"] {
  if (proto.rawData.length > 0) {
    const array = ARRAY_OF[dtype];
    const width = new array(0).BYTES_PER_ELEMENT;
    if (proto.rawData.length % width !== 0)
      throw new DecodeError(`${where}: ${proto.rawData.length} bytes are not a whole number of ${dtype} elements.`);
    // A copy: elements must be aligned, and a tensor must not keep the whole file.
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
