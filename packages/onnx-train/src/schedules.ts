/** The learning rate of a step, counted from 0. */
export type Schedule = (step: number) => number;

export const constant =
  (rate: number): Schedule =>
  () =>
    rate;

export interface OneCycleOptions {
  readonly peak: number;
  readonly steps: number;
  /** The share of the steps that climb to the peak. */
  readonly warmUp?: number;
  /** peak / start. */
  readonly startDivisor?: number;
  /** start / end. */
  readonly endDivisor?: number;
}

/**
 * Up to the peak and down to almost nothing, both along half a cosine.
 *
 * @see Smith and Topin 2018, "Super-Convergence", §3
 */
export function oneCycle({
  peak,
  steps,
  warmUp = 0.3,
  startDivisor = 25,
  endDivisor = 1e4,
}: OneCycleOptions): Schedule {
  const start = peak / startDivisor;
  const end = start / endDivisor;
  const top = Math.max(1, warmUp * steps - 1);
  const between = (from: number, to: number, share: number) => to + ((from - to) * (1 + Math.cos(Math.PI * share))) / 2;
  return (step) =>
    step <= top
      ? between(start, peak, step / top)
      : between(peak, end, Math.min(1, (step - top) / Math.max(1, steps - 1 - top)));
}
