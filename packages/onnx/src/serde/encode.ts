import { EncodeError } from "../errors.ts";
import {
  type Attribute,
  type AttributeType,
  describeNode,
  type Graph,
  type Model,
  type Node,
  type ValueType,
} from "../graph.ts";
import { int64Of } from "../int64.ts";
import type { Tensor } from "../tensor.ts";
import { attributeType } from "./attribute-types.ts";
import { PROTO_TYPE_OF } from "./data-types.ts";
import { ATTRIBUTE_TYPE, type ProtoInit } from "./messages.ts";
import { bytesFromText } from "./text.ts";
import { writeMessage } from "./write-message.ts";

/**
 * Serialises a model. Models that are equal, down to the order of their keys, give equal bytes.
 * @throws EncodeError when an attribute of type int holds another number.
 */
export const encodeModel = ({ irVersion, opsets, graph, metadata, ...model }: Model): Uint8Array<ArrayBuffer> =>
  writeMessage("ModelProto", {
    irVersion: int64Of(irVersion),
    opsetImport: Object.entries(opsets).map(([domain, version]) => ({ domain, version: int64Of(version) })),
    producerName: model.producerName,
    producerVersion: model.producerVersion,
    docString: model.docString,
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    graph: protoFromGraph(graph),
  });

/** Serialises one tensor as a `TensorProto`. */
export const encodeTensor = (tensor: Tensor, name = ""): Uint8Array<ArrayBuffer> =>
  writeMessage("TensorProto", protoFromTensor(tensor, name));

const protoFromGraph = (graph: Graph): ProtoInit<"GraphProto"> => ({
  name: graph.name,
  input: graph.inputs.map(({ name, ...type }) => protoFromValue(name, type)),
  output: graph.outputs.map(({ name, ...type }) => protoFromValue(name, type)),
  initializer: Array.from(graph.initializers, ([name, tensor]) => protoFromTensor(tensor, name)),
  node: graph.nodes.map(protoFromNode),
  valueInfo: Array.from(graph.values, ([name, type]) => protoFromValue(name, type)),
});

const protoFromValue = (name: string, { dtype, shape }: ValueType): ProtoInit<"ValueInfoProto"> => ({
  name,
  type: {
    tensorType: {
      elemType: PROTO_TYPE_OF[dtype],
      ...(shape && {
        shape: {
          dim: shape.map((dim) => (typeof dim === "number" ? { dimValue: int64Of(dim) } : { dimParam: dim })),
        },
      }),
    },
  },
});

const protoFromNode = (node: Node): ProtoInit<"NodeProto"> => ({
  opType: node.op,
  domain: node.domain,
  name: node.name,
  input: node.inputs,
  output: node.outputs,
  attribute: Object.entries(node.attributes).map(([name, value]) => protoFromAttribute(node, name, value)),
});

function typeOfAttribute({ op, attributeTypes = {} }: Node, name: string, value: Attribute): AttributeType {
  return (Object.hasOwn(attributeTypes, name) && attributeTypes[name]) || attributeType(op, name, value);
}

function protoFromAttribute(node: Node, name: string, value: Attribute): ProtoInit<"AttributeProto"> {
  const type = typeOfAttribute(node, name, value);
  const int = (number: number): bigint => {
    if (Number.isInteger(number)) return int64Of(number);
    throw new EncodeError(`${describeNode(node)}: attribute "${name}" is of type ${type}, found ${number}.`);
  };
  switch (type) {
    case "int":
      return { name, type: ATTRIBUTE_TYPE[type], i: int(value as number) };
    case "float":
      return { name, type: ATTRIBUTE_TYPE[type], f: Math.fround(value as number) };
    case "string":
      return {
        name,
        type: ATTRIBUTE_TYPE[type],
        s: typeof value === "string" ? bytesFromText(value) : (value as Uint8Array),
      };
    case "tensor":
      return { name, type: ATTRIBUTE_TYPE[type], t: protoFromTensor(value as Tensor, "") };
    case "graph":
      return { name, type: ATTRIBUTE_TYPE[type], g: protoFromGraph(value as Graph) };
    case "ints":
      return { name, type: ATTRIBUTE_TYPE[type], ints: (value as readonly number[]).map(int) };
    case "floats":
      return { name, type: ATTRIBUTE_TYPE[type], floats: (value as readonly number[]).map(Math.fround) };
    case "strings":
      return {
        name,
        type: ATTRIBUTE_TYPE[type],
        strings: (value as readonly string[]).map((item) => bytesFromText(item)),
      };
    case "graphs":
      return { name, type: ATTRIBUTE_TYPE[type], graphs: (value as readonly Graph[]).map(protoFromGraph) };
  }
}

function protoFromTensor(tensor: Tensor, name: string): ProtoInit<"TensorProto"> {
  const head = { name, dataType: PROTO_TYPE_OF[tensor.dtype], dims: tensor.shape.map(int64Of) };
  if (tensor.dtype === "string") return { ...head, stringData: tensor.data.map((item) => bytesFromText(item)) };
  const { buffer, byteOffset, byteLength } = tensor.data;
  return { ...head, rawData: new Uint8Array(buffer, byteOffset, byteLength) };
}
