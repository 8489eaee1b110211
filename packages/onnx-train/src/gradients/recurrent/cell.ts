import type { Emitter } from "../../emitter.ts";

/** A product of the cell with some rows of R: d is the gradient of `of`·Rᵀ + Rb. */
export interface Product {
  readonly d: string;
  readonly of: string;
}

/** What one step gives back: gradients of its input's part, of its products in the order of R's rows, of the old states. */
export interface StepGradients {
  readonly dz: string;
  readonly products: readonly Product[];
  readonly states: readonly string[];
}

/**
 * One step of a recurrent operator. The states are h and, for LSTM, c: [batch, hidden]; z = x·Wᵀ + Wb is what the input
 * adds to the gates: [batch, gates·hidden].
 */
export interface Cell<Weights = unknown, Saved = unknown> {
  /** Gates, in the order of W's rows. */
  readonly gates: number;
  /** What is made of R and Rb once, before the first step. */
  prepare(g: Emitter, r: string, rb: string | undefined): Weights;
  forward(
    g: Emitter,
    z: string,
    states: readonly string[],
    weights: Weights,
  ): { readonly states: readonly string[]; readonly saved: Saved };
  /** d: the gradients of the new states. */
  backward(g: Emitter, saved: Saved, d: readonly string[], weights: Weights): StepGradients;
}

/** Cuts a value along an axis into parts of these extents. */
export function cut(g: Emitter, value: string, axis: number, extents: readonly number[]): readonly string[] {
  return extents.length === 1 ? [value] : g.ops("Split", [value, g.ints(extents)], { axis }, {}, extents.length);
}

export const join = (g: Emitter, values: readonly string[], axis: number): string =>
  values.length === 1 ? values[0]! : g.op("Concat", values, { axis });

/** a·Rᵀ + Rb */
export const product = (g: Emitter, a: string, r: string, rb: string | undefined): string =>
  g.op("Gemm", rb === undefined ? [a, r] : [a, r, rb], { transB: 1 });
