import type { DataType } from "../dtype.ts";
import { ShapeError } from "../errors.ts";
import { type Attribute, type Dim, describeNode, type Node, type ValueType } from "../graph.ts";
import { DTYPE_OF_PROTO } from "../serde/data-types.ts";
import { holdsNumbers, numbersOf, type Tensor } from "../tensor.ts";

/** What a rule sees of the node whose outputs it types. */
export class NodeView {
  readonly node: Node;
  readonly opset: number;
  readonly #types: readonly (ValueType | undefined)[];
  readonly #constants: readonly (Tensor | undefined)[];

  constructor(
    node: Node,
    opset: number,
    types: readonly (ValueType | undefined)[],
    constants: readonly (Tensor | undefined)[],
  ) {
    this.node = node;
    this.opset = opset;
    this.#types = types;
    this.#constants = constants;
  }

  has(index: number): boolean {
    return Boolean(this.node.inputs[index]);
  }

  /** The type of an input; undefined where it is not known or omitted. */
  type(index: number): ValueType | undefined {
    return this.#types[index];
  }

  shape(index: number): readonly Dim[] | undefined {
    return this.#types[index]?.shape;
  }

  /** The elements of a constant input; undefined where it is not one or does not hold numbers. */
  numbers(index: number): number[] | undefined {
    const constant = this.#constants[index];
    return constant && holdsNumbers(constant) ? numbersOf(constant) : undefined;
  }

  /** Whether an input is there whose elements are only known at run time. */
  isDynamic(index: number): boolean {
    return this.has(index) && this.numbers(index) === undefined;
  }

  /** What is an input in newer operator sets and was an attribute before; undefined where omitted or dynamic. */
  argument(index: number, name: string): readonly number[] | undefined {
    if (this.has(index)) return this.numbers(index);
    const value = this.node.attributes[name];
    return typeof value === "number" ? [value] : (value as readonly number[] | undefined);
  }

  constant(index: number): Tensor | undefined {
    return this.#constants[index];
  }

  /** An attribute, or the specification's default for it. */
  attribute(name: string, otherwise: number): number;
  attribute(name: string, otherwise: string): string;
  attribute(name: string, otherwise: readonly number[]): readonly number[];
  attribute(name: string, otherwise: Attribute): Attribute {
    return this.node.attributes[name] ?? otherwise;
  }

  /** The element type that an attribute names; undefined for those not supported here, such as 8-bit floats. */
  dtypeAttribute(name: string): DataType | undefined {
    return DTYPE_OF_PROTO.get(this.attribute(name, 0));
  }

  /** An axis counted from the end when negative. */
  axis(axis: number, rank: number): number {
    if (axis < -rank || axis >= rank) this.fail(`axis ${axis} does not exist in rank ${rank}.`);
    return axis < 0 ? axis + rank : axis;
  }

  /** A name for a dimension that cannot be computed. */
  fresh(axis: number | string, output = 0): Dim {
    const { outputs } = this.node;
    return `${outputs[output] || outputs.find(Boolean)}_dim${axis}`;
  }

  fail(message: string): never {
    throw new ShapeError(describeNode(this.node), message);
  }
}

/** Types a node's outputs; undefined for an output of which nothing is known. */
export type ShapeRule = (node: NodeView) => readonly (ValueType | undefined)[];

/** A type whose shape may be unknown. */
export const typed = (dtype: ValueType["dtype"], shape: readonly Dim[] | undefined): ValueType =>
  shape ? { dtype, shape } : { dtype };

/** The first output is like the first input. */
export const likeFirst: ShapeRule = (node) => [node.type(0)];

/** The same, of operators along one axis, which must exist. */
export const likeFirstAlongAxis: ShapeRule = (node) => {
  const type = node.type(0);
  if (type?.shape && "axis" in node.node.attributes) node.axis(node.attribute("axis", 0), type.shape.length);
  return [type];
};

export const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

export const product = (dims: readonly number[]): number => dims.reduce((size, dim) => size * dim, 1);

export const isStatic = (shape: readonly Dim[] | undefined): shape is readonly number[] =>
  shape?.every((dim) => typeof dim === "number") ?? false;
