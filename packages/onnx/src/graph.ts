import type { DataType } from "./dtype.ts";
import type { Tensor } from "./tensor.ts";

/** A dimension: its extent, or the name of one known only at run time. */
export type Dim = number | string;

/** A value's type. `shape` is absent where not even the rank is known. */
export interface ValueType {
  readonly dtype: DataType;
  readonly shape?: readonly Dim[];
}

export interface ValueInfo extends ValueType {
  readonly name: string;
}

/**
 * Attributes as plain values. Whether a number is ONNX's int or float follows from the attribute's name as in the ONNX
 * specification (`serde/attribute-types.ts`), or from `Node.attributeTypes` where that differs.
 */
export type Attribute =
  | number
  | string
  | readonly number[]
  | readonly string[]
  | Uint8Array
  | Tensor
  | Graph
  | readonly Graph[];

export type AttributeType = "int" | "float" | "string" | "tensor" | "graph" | "ints" | "floats" | "strings" | "graphs";

export type Attributes = Readonly<Record<string, Attribute>>;

/** One operator application. Values are referred to by name; an omitted optional input is the empty string. */
export interface Node {
  readonly op: string;
  /** Empty for ONNX's own operators. */
  readonly domain: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
  /** The types of the attributes whose names do not tell. */
  readonly attributeTypes?: Readonly<Record<string, AttributeType>>;
}

/** Nodes are in topological order. Initializers are constants that may also be graph inputs' defaults. */
export interface Graph {
  readonly name: string;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly initializers: ReadonlyMap<string, Tensor>;
  readonly nodes: readonly Node[];
  /** What is known of inner values; inference fills the rest. */
  readonly values: ReadonlyMap<string, ValueType>;
}

export interface Model {
  readonly irVersion: number;
  /** Operator-set version by domain; `""` is ONNX's own. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly producerName: string;
  readonly producerVersion: string;
  readonly docString: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly graph: Graph;
}

/** IR version 8 and opset 17: what every onnxruntime since 1.12 reads. */
export const modelOf = (graph: Graph, fields: Partial<Omit<Model, "graph">> = {}): Model => ({
  irVersion: 8,
  opsets: { "": 17 },
  producerName: "glyphcast",
  producerVersion: "",
  docString: "",
  metadata: {},
  ...fields,
  graph,
});

/** `Conv "block1/conv"`, or `Conv → y` where the node has no name. */
export const describeNode = ({ op, name, outputs }: Node): string =>
  name ? `${op} "${name}"` : `${op} → ${outputs[0]}`;
