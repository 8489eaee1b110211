/** The learning rate of a step, counted from 0. */
export type Schedule = (step: number) => number;

export const constant =
  (rate: number): Schedule =>
  () =>
    rate;

/** `rate`, multiplied by `factor` after every `every` steps. */
export const stepDecay =
  ({ rate, factor, every }: { readonly rate: number; readonly factor: number; readonly every: number }): Schedule =>
  (step) =>
    rate * factor ** Math.floor(step / every);

export interface CosineOptions {
  readonly rate: number;
  readonly steps: number;
  /** Where it ends, and stays. */
  readonly end?: number;
}

/**
 * From `rate` to `end` along half a cosine.
 *
 * @see Loshchilov and Hutter 2017, "SGDR: Stochastic Gradient Descent with Warm Restarts", eq. 5
 */
export const cosine =
  ({ rate, steps, end = 0 }: CosineOptions): Schedule =>
  (step) =>
    alongCosine(rate, end, Math.min(1, step / steps));

/** Climbs in a straight line to what `then` gives at its first step, then follows it from there. */
export const warmUp =
  (steps: number, then: Schedule): Schedule =>
  (step) =>
    step < steps ? (then(0) * (step + 1)) / (steps + 1) : then(step - steps);

/** Halfway along a cosine is halfway between: share 0 is `from`, 1 is `to`. */
const alongCosine = (from: number, to: number, share: number): number =>
  to + ((from - to) * (1 + Math.cos(Math.PI * share))) / 2;

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
  return (step) =>
    step <= top
      ? alongCosine(start, peak, step / top)
      : alongCosine(peak, end, Math.min(1, (step - top) / Math.max(1, steps - 1 - top)));
}
