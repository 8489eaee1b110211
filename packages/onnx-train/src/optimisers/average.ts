import { scalar, type Tensor } from "@glyphcast/onnx";
import type { Parameter, State, UpdateSite } from "./transform.ts";

/** A second set of weights that follows the trained ones. */
export interface Average {
  init(parameters: readonly (Parameter & { readonly initial: Tensor })[]): readonly State[];
  /** `stepped` holds the parameters after the step. */
  update(site: UpdateSite, stepped: ReadonlyMap<string, string>): void;
}

/** The state that holds a parameter's average. */
export const averageOf = (parameter: string): string => `ema/${parameter}`;

/**
 * An exponential moving average of the weights. Early on it follows more closely: step t decays by
 * min(decay, (1 + t) / (10 + t)).
 *
 * @see Polyak and Juditsky 1992, "Acceleration of Stochastic Approximation by Averaging"
 */
export function exponentialAverage(decay: number): Average {
  return {
    init: (parameters) => [
      { name: "ema/step", initial: scalar(0) },
      ...parameters.map(({ name, initial }) => ({ name: averageOf(name), of: name, initial })),
    ],
    update({ g, state, next }, stepped) {
      const step = g.add(state("ema/step"), g.floats(1));
      next("ema/step", step);
      const early = g.div(g.add(step, g.floats(1)), g.add(step, g.floats(10)));
      const rest = g.sub(g.floats(1), g.op("Min", [early, g.floats(decay)]));
      for (const [name, value] of stepped) {
        const average = state(averageOf(name));
        next(averageOf(name), g.add(average, g.mul(g.sub(value, average), rest)));
      }
    },
  };
}
