import { type Attributes, type Dim, type GraphBuilder, PROTO_TYPE_OF, sizeOf, type Tensor } from "@glyphcast/onnx";
import { type Config, fieldOf } from "../config.ts";
import { LayerError } from "../errors.ts";
import { dimOf, type Extent, extentsVector } from "../extents.ts";
import { type Held, isIdentity, type Mask, unmasked } from "../layout.ts";
import type { Lowering } from "../lowering.ts";
import { type Reduction, reduce } from "../opset.ts";
import type { Relayout } from "../origin.ts";
import type { Layer } from "../topology.ts";

/** Elements of the largest constant that is made when converting, of which the file holds nothing. */
const MAX_CONSTANT = 2 ** 24;

/** How a layer class becomes ONNX nodes. */
export interface LayerRule {
  /** The ONNX operators it becomes, for the support table. */
  readonly becomes: string;
  /** What the support table says of limits. */
  readonly notes?: string;
  /** The keyword arguments that it reads tensors as. */
  readonly keywords?: readonly string[];
  /** Whether its result is masked as its first input is. */
  readonly carriesMask?: boolean;
  lower(call: Call): Held | readonly Held[];
}

/** One call of one layer: what a rule sees and builds with. */
export class Call {
  readonly layer: Layer;
  readonly inputs: readonly Held[];
  /** The mask of each input. */
  readonly masks: readonly Mask[];
  readonly lowering: Lowering;
  /** The tensors that are read as keyword arguments. */
  readonly keywords: ReadonlyMap<string, Held>;
  readonly #place: number | undefined;

  /** place: which of the layer's calls this is; none where another layer wraps it. */
  constructor(lowering: Lowering, layer: Layer, inputs: readonly Held[], place?: number) {
    this.lowering = lowering;
    this.layer = layer;
    this.#place = place;
    const refs = (place !== undefined && layer.calls[place]) || [];
    const own = inputs.filter((_, i) => refs[i]?.keyword === undefined);
    this.masks = own.map(({ mask }) => mask);
    this.inputs = own.map(unmasked);
    this.keywords = new Map(
      refs.flatMap(({ keyword }, i) => (keyword === undefined ? [] : [[keyword, inputs[i]!] as const])),
    );
  }

  /** A keyword argument that is not a tensor; undefined where it is left out. */
  keyword(name: string): unknown {
    return this.#place === undefined ? undefined : fieldOf(this.layer.keywords[this.#place] ?? {}, name);
  }

  get g(): GraphBuilder {
    return this.lowering.g;
  }

  get config(): Config {
    return this.layer.config;
  }

  get training(): boolean {
    return this.lowering.training;
  }

  /** Whether this is not the layer's only call. */
  get shared(): boolean {
    return this.lowering.shared.has(this.layer);
  }

  /** The only input, of one of these ranks where it matters. */
  input(...ranks: readonly number[]): Held {
    const [x, ...others] = this.inputs;
    if (!x || others.length > 0) return this.fail(`It reads ${this.inputs.length} tensors, expected one.`);
    const rank = x.perm.length;
    if (ranks.length > 0 && !ranks.includes(rank))
      return this.fail(
        `Its input has rank ${rank} ([${this.dims(x).join(", ")}]), expected rank ${ranks.join(" or ")}.`,
      );
    return x;
  }

  /** TF.js's extents of a value. */
  dims(x: Held): readonly Dim[] {
    return this.lowering.dims(x);
  }

  /** TF.js's extents of all axes but the batch, which have to be known. */
  extents(x: Held): readonly number[] {
    return Array.from({ length: x.perm.length - 1 }, (_, i) => this.extent(x, i + 1));
  }

  /** TF.js's extent of one axis, which has to be known. */
  extent(x: Held, axis: number): number {
    const dim = this.dims(x).at(axis);
    return typeof dim === "number" ? dim : this.fail(`Axis ${axis} of its input is not of a known extent.`);
  }

  /** A node named after the layer; returns its first output. `dims`: its extents where inference cannot tell them. */
  op(op: string, inputs: readonly string[], attributes: Attributes = {}, dims?: readonly Dim[]): string {
    const types = dims && { types: [{ dtype: this.g.type(inputs[0]!).dtype, shape: dims }] };
    return this.g.op(op, inputs, attributes, { name: this.nodeName(op), ...types });
  }

  /** Extents as a value: a constant where all are known, else partly read off other values when running. */
  extentsVector(extents: readonly Extent[]): string {
    return extentsVector(this.g, this.layer.name, extents);
  }

  /** A value in another shape, whatever is known of it. */
  reshape(x: string, extents: readonly Extent[]): string {
    const dims = extents.map((extent) => dimOf(this.g, extent));
    const open = dims.filter((dim) => typeof dim !== "number").length;
    const target =
      open > 1 ? this.extentsVector(extents) : this.g.ints(dims.map((dim) => (typeof dim === "number" ? dim : -1)));
    return this.op("Reshape", [x, target], {}, dims);
  }

  /** A reduction over axes as they are held. */
  reduce(op: Reduction, x: string, axes: readonly number[], keepdims = false): string {
    return reduce(this.g, op, x, axes, { keepdims, name: this.nodeName(op) });
  }

  nodeName(op: string): string {
    return this.g.unique(`${this.layer.name}/${op}`);
  }

  plain(x: Held): Held {
    return this.lowering.plain(x, this.layer.name);
  }

  arrange(x: Held, perm: readonly number[]): Held {
    return this.lowering.arrange(x, perm, this.layer.name);
  }

  /** A value with the batch first, where its steps may have been. */
  batchFirst(x: Held): Held {
    return this.arrange(x, [0, ...x.perm.filter((axis) => axis > 0)]);
  }

  channelsSecond(x: Held, axis: number): Held {
    return this.lowering.channelsSecond(x, axis, this.layer.name);
  }

  /**
   * A value in whatever layout, where one set of weights serves every call: plain if a training graph calls the layer
   * more than once, since it holds each weight in one layout only.
   */
  settle(x: Held): Held {
    return this.training && this.shared && (x.blocks || !isIdentity(x.perm)) ? this.plain(x) : x;
  }

  /** The input as integers: those that it was made of, else what is left of its numbers without their fractions. */
  integers(x: Held): string {
    return this.lowering.integers.get(x.name) ?? this.op("Cast", [x.name], { to: PROTO_TYPE_OF.int32 });
  }

  /** The number of elements of a constant to be made, which may not be more than any real layer needs. */
  sizeOf(shape: readonly number[]): number {
    const size = sizeOf(shape);
    return size <= MAX_CONSTANT ? size : this.fail(`It would need a constant of [${shape.join(", ")}].`);
  }

  /** A constant named after the layer. */
  constant(key: string, tensor: Tensor): string {
    return this.g.initializer(this.g.unique(`${this.layer.name}/${key}`), tensor);
  }

  /** The initializer of one of the layer's weights. `shape` is TF.js's. */
  weight(key: string, shape: readonly Dim[], steps: () => readonly Relayout[] = () => []): string {
    return this.lowering.parameter(this.layer, key, shape, steps);
  }

  /** A weight that gradients do not change, and the output that will hold its next value in a training graph. */
  statistic(key: string, shape: readonly Dim[], steps: () => readonly Relayout[]): { now: string; next: string } {
    const next = `${this.layer.name}/${key}:next`;
    const role = { trainable: false, ...(this.training && { next }) };
    return { now: this.lowering.parameter(this.layer, key, shape, steps, role), next };
  }

  fail(message: string): never {
    throw new LayerError(this.config.layer, message);
  }
}
