import type { Attributes, Dim, GraphBuilder } from "@glyphcast/onnx";
import type { Config } from "../config.ts";
import { LayerError } from "../errors.ts";
import { type Held, isIdentity, type Mask } from "../layout.ts";
import type { Lowering } from "../lowering.ts";
import type { Relayout } from "../origin.ts";
import type { Layer } from "../topology.ts";

/** How a layer class becomes ONNX nodes. */
export interface LayerRule {
  /** The ONNX operators it becomes, for the support table. */
  readonly becomes: string;
  /** What the support table says of limits. */
  readonly notes?: string;
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

  constructor(lowering: Lowering, layer: Layer, inputs: readonly Held[]) {
    this.lowering = lowering;
    this.layer = layer;
    this.masks = inputs.map(({ mask }) => mask);
    this.inputs = inputs.map(unmasked);
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

  /** TF.js's extent of one axis, which has to be known. */
  extent(x: Held, axis: number): number {
    const dim = this.dims(x).at(axis);
    return typeof dim === "number" ? dim : this.fail(`Axis ${axis} of its input is not of a known extent.`);
  }

  /** A node named after the layer; returns its first output. */
  op(op: string, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.g.op(op, inputs, attributes, { name: this.nodeName(op) });
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

function unmasked({ mask: _, ...x }: Held): Held {
  return x;
}
