import type fc from "fast-check";
import type { OpCase } from "../numeric.ts";

/** How far the central differences of an operator can be trusted. */
export interface Precision {
  /** The distance from the middle to either evaluation. */
  readonly step: number;
  readonly rtol: number;
  readonly atol: number;
}

/** Nodes of one operator, and how exactly rule and differences agree. */
export interface OpCases {
  readonly cases: fc.Arbitrary<Omit<OpCase, "op">>;
  readonly precision: Precision;
}

/**
 * Linear (or quadratic) in each single element: nothing bends however long the step. What is left is the rounding of
 * float32 sums, 1e-7 of up to a hundred, divided by the distance of the two evaluations.
 */
export const STRAIGHT: Precision = { step: 0.1, rtol: 1e-4, atol: 1e-4 };

/** Straight between kinks: the step stays below the distance that the values keep from them, and rounding weighs more. */
export const KINKED: Precision = { step: 1e-2, rtol: 3e-4, atol: 3e-4 };

/** What is left out is step²/6 of the third derivative, some 2e-5 of it; below that step rounding, 1e-7/step, takes over. */
export const SMOOTH: Precision = { step: 1e-2, rtol: 3e-4, atol: 3e-4 };

/** Third derivatives of some hundreds, as 1/x has at ½: half the step leaves a quarter of the error. */
export const STEEP: Precision = { step: 5e-3, rtol: 1e-3, atol: 1e-3 };
