import { zeros } from "@glyphcast/onnx";
import { addDecayedWeights, scaleByLearningRate } from "./stages.ts";
import { chain, type Transform } from "./transform.ts";

export interface LionOptions {
  /** How much of the mean gradient stands in the update. */
  readonly beta1?: number;
  /** Decay of the mean of the gradients. */
  readonly beta2?: number;
  readonly weightDecay?: number;
  /** The parameters that decay, by name; all by default. */
  readonly decays?: (name: string) => boolean;
}

/** The sign of β₁·m + (1 − β₁)·g; then m ← β₂·m + (1 − β₂)·g. */
const signOfMean = (beta1: number, beta2: number): Transform => ({
  init: (parameters) =>
    parameters.map(({ name, shape }) => ({ name: `lion/mean/${name}`, of: name, initial: zeros("float32", shape) })),
  update: ({ g, state, next }, updates) =>
    new Map(
      Array.from(updates, ([name, gradient]) => {
        const mean = state(`lion/mean/${name}`);
        const blend = (beta: number) => g.add(g.mul(mean, g.floats(beta)), g.mul(gradient, g.floats(1 - beta)));
        next(`lion/mean/${name}`, blend(beta2));
        return [name, g.op("Sign", [blend(beta1)])];
      }),
    ),
});

/** @see Chen et al. 2023, "Symbolic Discovery of Optimization Algorithms", algorithm 2 */
export const lion = ({ beta1 = 0.9, beta2 = 0.99, weightDecay = 0, decays }: LionOptions = {}): Transform =>
  chain(signOfMean(beta1, beta2), addDecayedWeights(weightDecay, decays), scaleByLearningRate());
