import type { Attribute, Node } from "@glyphcast/onnx";
import type { Emitter } from "./emitter.ts";
import type { Form } from "./form.ts";

/** What a noise input holds: a dropout mask is 1/(1 − ratio) with probability 1 − ratio, else 0. */
export interface Noise {
  readonly kind: "mask";
  readonly ratio: number;
}

/** A gradient in the form it was computed in. A bare string is in plain form. */
export type Gradient = string | { readonly form: Form; readonly value: string };

/** One gradient per input of the node, in order; undefined (or a missing tail) where there is none. */
export type Gradients = readonly (Gradient | undefined)[];

/** One node of the forward graph, as its rule sees it. Shapes are static and as ONNX says, whatever the form. */
export interface Site {
  readonly g: Emitter;
  readonly node: Node;
  /** The shape of an input. */
  shape(input: number): readonly number[];
  /** The shape of an output. */
  outputShape(output: number): readonly number[];
  /** The form in which an input is at hand. */
  form(input: number): Form;
  /** An input. */
  x(input: number, form?: Form): string;
  /** An output, once the forward part has run. */
  y(output: number, form?: Form): string;
  /** The gradient of an output: zeros if the loss does not depend on it. */
  dy(output: number, form?: Form): string;
  /** Says what was emitted for an output. */
  put(output: number, form: Form, value: string): void;
  /** The elements of an input that is a constant of the forward graph. */
  constant(input: number): readonly number[] | undefined;
  /** A further input of the step, drawn anew for each step. */
  noise(name: string, shape: readonly number[], draw: Noise): string;
  /** @throws TrainError with the node's name before the message. */
  fail(message: string): never;
  attribute(name: string, otherwise: number): number;
  attribute(name: string, otherwise: string): string;
  attribute(name: string, otherwise: readonly number[]): readonly number[];
  attribute(name: string, otherwise: Attribute): Attribute;
}

/**
 * How an operator is trained: what the step graph computes forward, and how gradients flow back. What `forward` returns
 * is handed to `backward`. Nodes whose results nobody uses are dropped afterwards, so a rule computes every gradient
 * without asking which are needed.
 */
export interface Rule<Saved = unknown> {
  forward(site: Site): Saved;
  backward(site: Site, saved: Saved): Gradients;
}

/** A rule for an operator whose forward part is the operator itself, in plain form. */
export const rule = (backward: (site: Site) => Gradients): Rule<void> => ({ forward: copyNode, backward });

/** Emits the node unchanged. */
export function copyNode({ g, node, x, put }: Site): void {
  const inputs = node.inputs.map((name, i) => (name ? x(i) : ""));
  const name = g.unique(node.name || node.op);
  const outputs = g.ops(node.op, inputs, node.attributes, { name }, node.outputs.length);
  for (const [i, output] of outputs.entries()) if (node.outputs[i]) put(i, "plain", output);
}
