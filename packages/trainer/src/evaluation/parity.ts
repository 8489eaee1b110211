import { argMax } from "./metrics.ts";
import type { Answers } from "./runtimes.ts";

/** How one runtime's answers compare with the reference's, on the first `images` pictures. */
export interface Parity {
  readonly runtime: string;
  readonly images: number;
  /** Of a probability, or of a confidence where both have one. */
  readonly maxAbsDiff: number;
  readonly argmaxDisagreements: number;
}

/** The largest difference of a probability that rounding explains, between any two CPU runtimes. */
export const PARITY_TOLERANCE = 1e-5;

/** Compares answers; the reference may have more of them. */
export function compareAnswers(
  runtime: string,
  { probabilities, confidence }: Answers,
  reference: Answers,
  classes: number,
): Parity {
  if (probabilities.length === 0) throw new Error("bug: comparing nothing proves nothing");
  const sure = confidence === undefined ? 0 : largestDifference(confidence, reference.confidence!);
  const maxAbsDiff = Math.max(largestDifference(probabilities, reference.probabilities), sure);
  const images = probabilities.length / classes;
  let argmaxDisagreements = 0;
  for (let i = 0; i < images; i++) {
    const [guess, other] = [probabilities, reference.probabilities].map((of) => argMax(of, i * classes, classes));
    if (guess !== other) argmaxDisagreements++;
  }
  return { runtime, images, maxAbsDiff, argmaxDisagreements };
}

function largestDifference(values: Float32Array, reference: Float32Array): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    const difference = Math.abs(values[i]! - reference[i]!);
    // Written so that NaN counts as the largest difference, not as none.
    if (!(difference <= largest)) largest = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  }
  return largest;
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
