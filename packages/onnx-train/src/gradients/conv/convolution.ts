import type { Form } from "../../form.ts";

/**
 * A sliding window's linear map and its adjoints, for kernels [out, in per group, …extents]. Its input, the larger side,
 * is Conv's input and ConvTranspose's output.
 */
export interface Convolution {
  /** The form of all values but kernels. */
  readonly form: Form;
  /** Y = X ∗ W + b, with one b for each output channel, if any. */
  convolve(x: string, kernel: string, bias?: string): string;
  /** dX from dY: each output element is spread over what its window saw. */
  spread(d: string, kernel: string): string;
  /** dW from X and dY. */
  kernelGradient(x: string, d: string, shape: readonly number[]): string;
}

/** The permutation that undoes another. */
export const inverse = (perm: readonly number[]): number[] => [...perm.keys()].map((axis) => perm.indexOf(axis));
