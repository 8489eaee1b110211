import type { Emitter } from "../emitter.ts";

/** Rows of mean 0 and variance 1. */
export interface Standardised {
  /** x̂ = (x − mean)/σ: [rows, columns]. */
  readonly standard: string;
  readonly mean: string;
  /** 1/σ = 1/√(variance + ε): [rows, 1]. */
  readonly inverse: string;
}

/** Standardises each row of a matrix, by onnxruntime's fused kernel. */
export function standardise(g: Emitter, matrix: string, epsilon: number): Standardised {
  const columns = g.shape(matrix)[1]!;
  const inputs = [matrix, g.filled([columns], 1)];
  const [standard = "", mean = "", inverse = ""] = g.ops("LayerNormalization", inputs, { axis: -1, epsilon }, {}, 3);
  return { standard, mean, inverse };
}

// dx = (dx̂ − mean(dx̂) − x̂·mean(dx̂·x̂))/σ
export function standardisedGradient(g: Emitter, d: string, { standard, inverse }: Standardised): string {
  const mean = (value: string) => g.reduce("ReduceMean", value, [1], true);
  const projected = g.add(mean(d), g.mul(standard, mean(g.mul(d, standard))));
  return g.mul(g.sub(d, projected), inverse);
}
