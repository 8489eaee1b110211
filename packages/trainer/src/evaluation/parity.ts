import { argMax } from "./metrics.ts";

/** How one runtime's probabilities compare with the reference's, on the first `images` pictures. */
export interface Parity {
  readonly runtime: string;
  readonly images: number;
  readonly maxAbsDiff: number;
  readonly argmaxDisagreements: number;
}

/** The largest difference of a probability that rounding explains, between any two CPU runtimes. */
export const PARITY_TOLERANCE = 1e-5;

/** Compares rows of probabilities, [n, classes]; `reference` may have more rows than `probabilities`. */
export function compareProbabilities(
  runtime: string,
  probabilities: Float32Array,
  reference: Float32Array,
  classes: number,
): Parity {
  if (probabilities.length === 0) throw new Error("bug: comparing nothing proves nothing");
  let maxAbsDiff = 0;
  for (let i = 0; i < probabilities.length; i++) {
    const difference = Math.abs(probabilities[i]! - reference[i]!);
    // Written so that NaN counts as the largest difference, not as none.
    if (!(difference <= maxAbsDiff)) maxAbsDiff = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  }
  const images = probabilities.length / classes;
  let argmaxDisagreements = 0;
  for (let i = 0; i < images; i++)
    if (argMax(probabilities, i * classes, classes) !== argMax(reference, i * classes, classes)) argmaxDisagreements++;
  return { runtime, images, maxAbsDiff, argmaxDisagreements };
}

/** A line for every runtime that does not give the reference's answer. */
export function parityFailures(parities: readonly Parity[]): string[] {
  return parities
    .filter(({ maxAbsDiff, argmaxDisagreements }) => maxAbsDiff > PARITY_TOLERANCE || argmaxDisagreements > 0)
    .map(
      ({ runtime, images, maxAbsDiff, argmaxDisagreements }) =>
        `${runtime}: ${argmaxDisagreements} of ${images} pictures classified differently, ` +
        `probabilities up to ${maxAbsDiff.toExponential(1)} apart (at most ${PARITY_TOLERANCE} allowed)`,
    );
}
