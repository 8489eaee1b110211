import "vitest";

export interface Tolerance {
  /** Relative to the expected value's magnitude. */
  readonly rtol?: number;
  /** Absolute, in the values' own unit. */
  readonly atol?: number;
}

declare module "vitest" {
  interface Matchers<T> {
    /** Passes when |received − expected| ≤ atol + rtol·|expected| for every element; NaN only equals NaN. */
    toBeAllClose(expected: ArrayLike<number>, tolerance?: Tolerance): T;
  }
}

export function toBeAllClose(
  received: ArrayLike<number>,
  expected: ArrayLike<number>,
  { rtol = 1e-5, atol = 1e-6 }: Tolerance = {},
): { pass: boolean; message: () => string } {
  if (received.length !== expected.length)
    return { pass: false, message: () => `expected ${expected.length} values, received ${received.length}` };
  if (expected.length === 0) return { pass: false, message: () => "comparing nothing proves nothing: both are empty" };

  let worst = { index: 0, excess: Number.NEGATIVE_INFINITY };
  let neededAtol = 0;
  for (let i = 0; i < expected.length; i++) {
    const a = received[i]!;
    const b = expected[i]!;
    const difference = Object.is(a, b) || a === b ? 0 : Math.abs(a - b);
    const bound = Number.isFinite(b) ? rtol * Math.abs(b) : 0;
    const excess = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference - bound - atol;
    if (excess > worst.excess) worst = { index: i, excess };
    neededAtol = Math.max(neededAtol, excess + atol);
  }
  const { index, excess } = worst;
  return {
    pass: excess <= 0,
    message: () =>
      `worst at index ${index} of ${expected.length}: received ${received[index]}, expected ${expected[index]}; ` +
      `tolerance was rtol ${rtol}, atol ${atol}; atol ${neededAtol.toPrecision(3)} would have passed`,
  };
}
