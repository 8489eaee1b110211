import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType,
  type AttributeProtoSchema,
  type GraphProtoSchema,
  ModelProtoSchema,
  type NodeProtoSchema,
  TensorProtoSchema,
  type ValueInfoProtoSchema,
} from "onnx-buf";
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
import { bytesFromText } from "./text.ts";

/**
 * Serialises a model. Models that are equal, down to the order of their keys, give equal bytes.
 * @throws EncodeError when an attribute of type int holds another number.
 */
export const encodeModel = ({ irVersion, opsets, graph, metadata, ...model }: Model): Uint8Array<ArrayBuffer> =>
  toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: int64Of(irVersion),
      opsetImport: Object.entries(opsets).map(([domain, version]) => ({ domain, version: int64Of(version) })),
      producerName: model.producerName,
      producerVersion: model.producerVersion,
      docString: model.docString,
      metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
      graph: protoFromGraph(graph),
    }),
  );

/** Serialises one tensor as a `TensorProto`. */
export const encodeTensor = (tensor: Tensor, name = ""): Uint8Array<ArrayBuffer> =>
  toBinary(TensorProtoSchema, create(TensorProtoSchema, protoFromTensor(tensor, name)));

const protoFromGraph = (graph: Graph): MessageInitShape<typeof GraphProtoSchema> => ({
  name: graph.name,
  input: graph.inputs.map(({ name, ...type }) => protoFromValue(name, type)),
  output: graph.outputs.map(({ name, ...type }) => protoFromValue(name, type)),
  initializer: Array.from(graph.initializers, ([name, tensor]) => protoFromTensor(tensor, name)),
  node: graph.nodes.map(protoFromNode),
  valueInfo: Array.from(graph.values, ([name, type]) => protoFromValue(name, type)),
});

const protoFromValue = (name: string, { dtype, shape }: ValueType): MessageInitShape<typeof ValueInfoProtoSchema> => ({
  name,
  type: {
    value: {
      case: "tensorType",
      value: {
        elemType: PROTO_TYPE_OF[dtype],
        ...(shape && {
          shape: {
            dim: shape.map((dim) => ({
              value:
                typeof dim === "number"
                  ? ({ case: "dimValue", value: int64Of(dim) } as const)
                  : ({ case: "dimParam", value: dim } as const),
            })),
          },
        }),
      },
    },
  },
});

const protoFromNode = (node: Node): MessageInitShape<typeof NodeProtoSchema> => ({
  opType: node.op,
  domain: node.domain,
  name: node.name,
  input: [...node.inputs],
  output: [...node.outputs],
  attribute: Object.entries(node.attributes).map(([name, value]) => protoFromAttribute(node, name, value)),
});

function typeOfAttribute({ op, attributeTypes = {} }: Node, name: string, value: Attribute): AttributeType {
  return (Object.hasOwn(attributeTypes, name) && attributeTypes[name]) || attributeType(op, name, value);
}

function protoFromAttribute(node: Node, name: string, value: Attribute): MessageInitShape<typeof AttributeProtoSchema> {
  const A = AttributeProto_AttributeType;
  const type = typeOfAttribute(node, name, value);
  const int = (number: number): bigint => {
    if (Number.isInteger(number)) return int64Of(number);
    throw new EncodeError(`${describeNode(node)}: attribute "${name}" is of type ${type}, found ${number}.`);
  };
  switch (type) {
    case "int":
      return { name, type: A.INT, i: int(value as number) };
    case "float":
      return { name, type: A.FLOAT, f: Math.fround(value as number) };
    case "string":
      return {
        name,
        type: A.STRING,
        s: typeof value === "string" ? bytesFromText(value) : (value as Uint8Array<ArrayBuffer>),
      };
    case "tensor":
      return { name, type: A.TENSOR, t: protoFromTensor(value as Tensor, "") };
    case "graph":
      return { name, type: A.GRAPH, g: protoFromGraph(value as Graph) };
    case "ints":
      return { name, type: A.INTS, ints: (value as readonly number[]).map(int) };
    case "floats":
      return { name, type: A.FLOATS, floats: (value as readonly number[]).map(Math.fround) };
    case "strings":
      return { name, type: A.STRINGS, strings: (value as readonly string[]).map((item) => bytesFromText(item)) };
    case "graphs":
      return { name, type: A.GRAPHS, graphs: (value as readonly Graph[]).map(protoFromGraph) };
  }
}

function protoFromTensor(tensor: Tensor, name: string): MessageInitShape<typeof TensorProtoSchema> {
  const head = { name, dataType: PROTO_TYPE_OF[tensor.dtype], dims: tensor.shape.map(int64Of) };
  if (tensor.dtype === "string") return { ...head, stringData: tensor.data.map((item) => bytesFromText(item)) };
  const { buffer, byteOffset, byteLength } = tensor.data;
  return { ...head, rawData: new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength) };
}
