import { scalar, zeros } from "@glyphcast/onnx";
import { TrainError } from "../errors.ts";
import type { Transform } from "./transform.ts";

/**
 * Gathers the mean gradient of `count` steps and lets `optimiser` act on it in the last of them; in the others nothing
 * moves. The same as one step on a batch `count` times as large, but for batch statistics.
 */
export function accumulateGradients(count: number, optimiser: Transform): Transform {
  if (!(Number.isInteger(count) && count > 0))
    throw new TrainError(
      "BAD_OPTION",
      `The number of steps to accumulate is ${count}; it must be a whole number above 0.`,
    );
  return {
    init: (parameters) => [
      { name: "accumulate/step", initial: scalar(0) },
      ...parameters.map(({ name, shape }) => ({
        name: `accumulate/${name}`,
        of: name,
        initial: zeros("float32", shape),
      })),
      ...optimiser.init(parameters),
    ],
    update(site, updates) {
      const { g, state, next } = site;
      const step = g.add(state("accumulate/step"), g.floats(1));
      const due = g.op("Equal", [step, g.floats(count)]);
      next("accumulate/step", g.where(due, g.floats(0), step));
      const means = new Map(
        Array.from(updates, ([name, gradient]) => {
          const sum = g.add(state(`accumulate/${name}`), g.mul(gradient, g.floats(1 / count)));
          next(`accumulate/${name}`, g.where(due, g.floats(0), sum));
          return [name, sum];
        }),
      );
      const held = { ...site, next: (name: string, value: string) => next(name, g.where(due, value, state(name))) };
      const moved = optimiser.update(held, means);
      return new Map(Array.from(moved, ([name, update]) => [name, g.where(due, update, g.floats(0))]));
    },
  };
}
