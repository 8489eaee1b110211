import type { Answer } from "./answer.ts";

export interface Comparison {
  readonly verdict: "same" | "differs";
  /** The largest difference, infinite (in JSON null) where one side has a number and the other none. */
  readonly maxAbs: number;
  /** The same in proportion to the largest magnitude that TF.js answered: the output's scale. */
  readonly maxRel: number;
  /** What is worth knowing besides: another shape, an answer that says little. */
  readonly note?: string;
}

/** Answers smaller than this are compared as if they were this large: nothing is exact about a zero. */
const LEAST_SCALE = 1e-3;

/**
 * Compares an answer with the expected one, in proportion to the output's scale. A difference of 3e-3 is nothing among
 * values near 400, and everything among probabilities.
 */
export function compare(found: Answer, expected: Answer, tolerance: number): Comparison {
  if (found.shape.join() !== expected.shape.join())
    return {
      verdict: "differs",
      maxAbs: Number.POSITIVE_INFINITY,
      maxRel: Number.POSITIVE_INFINITY,
      note: `the shape is [${found.shape.join(", ")}], TF.js's [${expected.shape.join(", ")}]`,
    };
  let [maxAbs, largest] = [0, 0];
  let finite = 0;
  for (let i = 0; i < expected.data.length; i++) {
    const [a, b] = [found.data[i]!, expected.data[i]!];
    if (Number.isFinite(b)) {
      finite++;
      largest = Math.max(largest, Math.abs(b));
    }
    // Equal infinities and two NaNs agree.
    if (!Object.is(a, b) && a !== b) maxAbs = Math.max(maxAbs, distance(a, b));
  }
  const maxRel = maxAbs / Math.max(largest, LEAST_SCALE);
  const note = noteOf(expected, finite, largest);
  return { verdict: maxRel <= tolerance ? "same" : "differs", maxAbs, maxRel, ...(note && { note }) };
}

function distance(a: number, b: number): number {
  const difference = Math.abs(a - b);
  return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
}

/** Two answers that say nothing agree too easily. */
function noteOf({ data }: Answer, finite: number, largest: number): string | undefined {
  if (data.length === 0) return "the answer is empty";
  if (finite === 0) return "TF.js answers no finite number";
  return largest === 0 ? "TF.js answers zeros only" : undefined;
}
