/** y = scale·x + shift, per channel: what a batch normalisation with fixed statistics is. */
export interface Affine {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

interface Statistics {
  readonly gamma: ArrayLike<number>;
  readonly beta: ArrayLike<number>;
  readonly mean: ArrayLike<number>;
  readonly variance: ArrayLike<number>;
  readonly epsilon: number;
}

// γ·(x − μ)/√(σ² + ε) + β, in double precision: rounded once, when it becomes a weight.
export function affineOf({ gamma, beta, mean, variance, epsilon }: Statistics): Affine {
  const scale = Float64Array.from(gamma, (g, i) => g / Math.sqrt(variance[i]! + epsilon));
  return { scale, shift: scale.map((s, i) => beta[i]! - mean[i]! * s) };
}
