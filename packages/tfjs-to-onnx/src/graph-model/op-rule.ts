import {
  type Attributes,
  type DataType,
  type Dim,
  type GraphBuilder,
  numbersOf,
  PROTO_TYPE_OF,
  type Tensor,
  type ValueType,
} from "@glyphcast/onnx";
import { type Held, identity, isIdentity, sameBlocks } from "../layout.ts";
import type { OpAttributes } from "./attributes.ts";
import { OpError } from "./errors.ts";
import type { OpNode } from "./graph-def.ts";
import type { GraphLowering } from "./graph-lowering.ts";

/** How an op becomes ONNX nodes. */
export interface OpRule {
  /** The ONNX operators it becomes, for the support table. */
  readonly becomes: string;
  /** What the support table says of limits. */
  readonly notes?: string;
  /** The outputs' names, by which nodes inside of functions read them. */
  readonly outputs?: readonly string[];
  /** Whether it takes complex numbers, which are pairs along one axis more. */
  readonly complex?: boolean;
  lower(call: OpCall): Held | readonly Held[];
}

export type OpRules = Readonly<Record<string, OpRule>>;

/** Several values, held alike so that ONNX broadcasts them as TF.js does. */
export interface Aligned {
  readonly names: readonly string[];
  /** How their result is held. */
  readonly as: Omit<Held, "name">;
}

/** One node: what a rule sees and builds with. */
export class OpCall {
  readonly lowering: GraphLowering;
  readonly node: OpNode;
  readonly inputs: readonly Held[];

  constructor(lowering: GraphLowering, node: OpNode, inputs: readonly Held[]) {
    this.lowering = lowering;
    this.node = node;
    this.inputs = inputs;
  }

  get g(): GraphBuilder {
    return this.lowering.g;
  }

  get attributes(): OpAttributes {
    return this.node.attributes;
  }

  /** An input by its place, counted from the end where negative; of one of these ranks where it matters. */
  input(place = 0, ...ranks: readonly number[]): Held {
    const x = this.inputs.at(place);
    if (!x) return this.fail(`It reads ${this.inputs.length} tensors; input ${place} is missing.`);
    if (ranks.length > 0 && !ranks.includes(x.perm.length))
      return this.fail(`Its input is [${this.dims(x).join(", ")}], expected rank ${ranks.join(" or ")}.`);
    return x;
  }

  dims(x: Held): readonly Dim[] {
    return this.lowering.dims(x);
  }

  /** TF.js's extents, all of which have to be known. */
  shape(x: Held): readonly number[] {
    return this.dims(x).map((dim) =>
      typeof dim === "number" ? dim : this.fail(`It needs to know every extent of [${this.dims(x).join(", ")}].`),
    );
  }

  extent(x: Held, axis: number): number {
    const dim = this.dims(x).at(axis);
    return typeof dim === "number" ? dim : this.fail(`Axis ${axis} of [${this.dims(x).join(", ")}] has to be known.`);
  }

  dtype(x: Held): DataType {
    return this.lowering.dtype(x);
  }

  /** An axis counted from the end where negative. */
  axis(axis: number, rank: number): number {
    if (!Number.isInteger(axis) || axis < -rank || axis >= rank)
      return this.fail(`Axis ${axis} does not exist in rank ${rank}.`);
    return axis < 0 ? axis + rank : axis;
  }

  /** The elements of an input as far as they are known when converting: numbers, and names of extents. */
  elements(place: number): readonly Dim[] | undefined {
    return this.lowering.elements(this.input(place));
  }

  /** The elements of an input where all are known. */
  known(place: number): readonly number[] | undefined {
    const x = this.input(place);
    const elements = this.lowering.elements(x);
    if (elements?.every(isNumber)) return elements;
    const tensor = this.tensor(this.isConstant(x) ? this.plain(x) : x);
    return tensor && tensor.dtype !== "string" ? numbersOf(tensor) : undefined;
  }

  /** The elements of an input, which have to be known. */
  numbers(place: number): readonly number[] {
    return this.known(place) ?? this.fail(`Its input ${place} has to be known when converting.`);
  }

  number(place: number): number {
    const [value, ...others] = this.numbers(place);
    return value !== undefined && others.length === 0 ? value : this.fail(`Its input ${place} is not one number.`);
  }

  integers(place: number): readonly number[] {
    const values = this.numbers(place);
    return values.every(Number.isSafeInteger)
      ? values
      : this.fail(`Its input ${place} is [${values.slice(0, 8).join(", ")}], expected integers.`);
  }

  integer(place: number): number {
    const [value, ...others] = this.integers(place);
    return value !== undefined && others.length === 0 ? value : this.fail(`Its input ${place} is not one integer.`);
  }

  /** How many of something there are to be. */
  count(place: number, most: number = MOST): number {
    const value = this.integer(place);
    return value >= 0 && value <= most ? value : this.fail(`Its input ${place} is ${value}, expected 0 to ${most}.`);
  }

  isConstant(x: Held): boolean {
    return this.lowering.isConstant(x);
  }

  /** The value of a constant, as it is held. */
  tensor({ name }: Held): Tensor | undefined {
    return this.g.constant(name);
  }

  /** A node named after the op's; returns its first output. */
  op(op: string, inputs: readonly string[], attributes: Attributes = {}, type?: ValueType): string {
    return this.ops(op, inputs, attributes, 1, type && [type])[0]!;
  }

  ops(
    op: string,
    inputs: readonly string[],
    attributes: Attributes,
    count: number,
    types?: readonly ValueType[],
  ): readonly string[] {
    const name = this.g.unique(this.node.op === op ? this.node.name : `${this.node.name}/${op}`);
    return this.g.ops(op, inputs, attributes, { name, ...(types && { types }) }, count);
  }

  /** The same, of a value whose elements stay in place. */
  map(x: Held, op: string, attributes: Attributes = {}, ...others: readonly string[]): Held {
    return { ...x, name: this.op(op, [x.name, ...others], attributes) };
  }

  /** A reduction of held axes, which became an input in opset 18 (13 for ReduceSum). */
  reduce(op: string, x: string, axes: readonly number[], keepdims: 0 | 1 = 0): string {
    return this.g.opset >= 18 || op === "ReduceSum"
      ? this.op(op, [x, this.g.ints(axes)], { keepdims })
      : this.op(op, [x], { axes, keepdims });
  }

  /** Some of a value's held extents, computed when running. */
  extents(x: string, start: number, end: number): string {
    if (this.g.opset >= 15) return this.op("Shape", [x], { start, end });
    return this.op("Slice", [this.op("Shape", [x]), this.g.ints([start]), this.g.ints([end])]);
  }

  /** @throws OpError where the operator set asked for is too old for what the op needs. */
  needs(opset: number): void {
    if (this.g.opset < opset) this.fail(`It needs operator set ${opset}; ${this.g.opset} was asked for.`);
  }

  initializer(key: string, tensor: Tensor): string {
    return this.g.initializer(this.g.unique(`${this.node.name}/${key}`), tensor);
  }

  cast(x: Held, to: DataType): Held {
    if (this.dtype(x) === to) return x;
    const elements = to === "int32" ? this.lowering.elements(x) : undefined;
    return this.lowering.know(this.map(x, "Cast", { to: PROTO_TYPE_OF[to] }), elements);
  }

  float(place = 0): Held {
    return this.cast(this.input(place), "float32");
  }

  /** An int64 input of an ONNX operator: known when converting, or computed. */
  ints(place: number): string {
    const x = this.input(place);
    const elements = this.lowering.elements(x);
    if (!elements?.every(isNumber) || x.perm.length > 1) return this.cast(this.plain(x), "int64").name;
    return this.g.ints(x.perm.length === 0 ? elements[0]! : elements);
  }

  /** One scalar input as a vector of one, as many ONNX operators want it. */
  one(place: number): string {
    const known = this.known(place);
    if (known?.length === 1) return this.g.ints([Math.trunc(known[0]!)]);
    return this.op("Reshape", [this.cast(this.plain(this.input(place)), "int64").name, this.g.ints([1])]);
  }

  /** A scalar of one of TF.js's types. */
  scalar(value: number, dtype: DataType = "float32"): string {
    return this.lowering.scalar(value, dtype);
  }

  plain(x: Held): Held {
    return this.lowering.plain(x, this.node.name);
  }

  /** A value in whatever layout, its elements in TF.js's order along each axis. */
  settled(x: Held): Held {
    return x.blocks ? this.plain(x) : x;
  }

  arrange(x: Held, perm: readonly number[]): Held {
    return this.lowering.arrange(this.settled(x), perm, this.node.name);
  }

  channelsSecond(x: Held, axis: number): Held {
    if (axis >= x.perm.length) this.fail(`Its input is [${this.dims(x).join(", ")}], an image has more axes.`);
    return this.lowering.channelsSecond(x, axis, this.node.name);
  }

  /** TF.js's element types that meet: the wider of them. */
  promoted(inputs: readonly Held[], least: DataType = "bool"): readonly Held[] {
    const order: readonly DataType[] = ["bool", "int32", "float32"];
    const widest = Math.max(order.indexOf(least), ...inputs.map((x) => order.indexOf(this.dtype(x))));
    return inputs.map((x) => this.cast(x, order[widest]!));
  }

  /** Inputs in one layout, so that broadcasting, which counts axes from the end, meets the axes that it does in TF.js. */
  align(inputs: readonly Held[]): Aligned {
    const rank = inputs.reduce((highest, { perm }) => Math.max(highest, perm.length), 0);
    const single = (x: Held): boolean => this.dims(x).every((dim) => dim === 1);
    const shaped = inputs.filter((x) => !single(x));
    const { blocks } = shaped[0] ?? {};
    const sameBlock = shaped.every((x) => sameBlocks(x.blocks, blocks) && x.perm.length === shaped[0]!.perm.length);
    const given = sameBlock ? inputs : inputs.map((x) => this.settled(x));
    const moved = given.filter((x) => x.perm.length === rank && !isIdentity(x.perm) && !single(x));
    const perm = (moved.find((x) => !this.isConstant(x)) ?? moved[0])?.perm ?? identity(rank);
    const names = given.map((x) => {
      if (single(x)) return x.name;
      return isIdentity(perm)
        ? this.lowering.arrange(x, identity(x.perm.length), this.node.name).name
        : this.lowering.arrange(this.raise(x, rank), perm, this.node.name).name;
    });
    return { names, as: { perm, ...(sameBlock && blocks && { blocks }) } };
  }

  /** A value with axes of extent 1 before its own. */
  raise(x: Held, rank: number): Held {
    const missing = rank - x.perm.length;
    if (missing <= 0) return x;
    const added = identity(missing);
    const perm = [...added, ...x.perm.map((axis) => axis + missing)];
    const tensor = this.tensor(x);
    const name = tensor
      ? this.lowering.relay(x.name, { kind: "reshape", shape: [...added.map(() => 1), ...tensor.shape] })
      : this.op("Unsqueeze", [x.name, this.g.ints(added)]);
    return { name, perm };
  }

  /** Axes of extent 1 put in before the given ones of the result, wherever those are held. */
  unsqueeze(given: Held, axis: number): Held {
    const x = this.settled(given);
    const perm = x.perm.map((other) => (other >= axis ? other + 1 : other)).toSpliced(axis, 0, axis);
    return { name: this.op("Unsqueeze", [x.name, this.g.ints([axis])]), perm };
  }

  /** A value without some of its axes, whose extents are 1. */
  squeeze(given: Held, axes: readonly number[]): Held {
    if (axes.length === 0) return given;
    const x = this.settled(given);
    const held = x.perm.flatMap((axis, i) => (axes.includes(axis) ? [i] : []));
    return { name: this.op("Squeeze", [x.name, this.g.ints(held)]), perm: without(x.perm, axes) };
  }

  fail(message: string): never {
    throw new OpError(`${this.node.op} "${this.node.name}"`, message);
  }
}

/** The layout that is left when some axes are gone. */
export function without(perm: readonly number[], axes: readonly number[]): readonly number[] {
  const kept = perm.filter((axis) => !axes.includes(axis));
  const sorted = kept.toSorted((a, b) => a - b);
  return kept.map((axis) => sorted.indexOf(axis));
}

/** More than any model counts or lists, and few enough to make constants of. */
const MOST = 2 ** 24;

export const isNumber = (value: unknown): value is number => typeof value === "number";
