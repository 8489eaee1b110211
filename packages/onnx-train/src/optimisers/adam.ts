import { scalar, zeros } from "@glyphcast/onnx";
import { addDecayedWeights, scaleByLearningRate } from "./stages.ts";
import { chain, type Transform } from "./transform.ts";

export interface AdamOptions {
  /** Decay of the mean of the gradients. */
  readonly beta1?: number;
  /** Decay of the mean of their squares. */
  readonly beta2?: number;
  /** Added to the root of that mean. */
  readonly epsilon?: number;
}

/**
 * Divides the mean gradient by the root of the mean squared gradient, both corrected for their start at zero.
 *
 * @see Kingma and Ba 2015, "Adam: A Method for Stochastic Optimization", algorithm 1
 */
export function scaleByAdam({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions = {}): Transform {
  return {
    init: (parameters) => [
      { name: "adam/step", initial: scalar(0) },
      ...parameters.flatMap(({ name, shape }) => [
        { name: `adam/mean/${name}`, of: name, initial: zeros("float32", shape) },
        { name: `adam/square/${name}`, of: name, initial: zeros("float32", shape) },
      ]),
    ],
    update({ g, state, next }, updates) {
      const step = g.add(state("adam/step"), g.floats(1));
      next("adam/step", step);
      const correction = (beta: number) => g.sub(g.floats(1), g.op("Pow", [g.floats(beta), step]));
      const meanCorrection = g.op("Reciprocal", [correction(beta1)]);
      const rootCorrection = g.op("Reciprocal", [g.op("Sqrt", [correction(beta2)])]);
      const towards = (name: string, target: string, beta: number) => {
        const moved = g.add(g.mul(state(name), g.floats(beta)), g.mul(target, g.floats(1 - beta)));
        next(name, moved);
        return moved;
      };
      return new Map(
        Array.from(updates, ([name, gradient]) => {
          const mean = towards(`adam/mean/${name}`, gradient, beta1);
          const square = towards(`adam/square/${name}`, g.mul(gradient, gradient), beta2);
          const root = g.add(g.mul(g.op("Sqrt", [square]), rootCorrection), g.floats(epsilon));
          return [name, g.div(g.mul(mean, meanCorrection), root)];
        }),
      );
    },
  };
}

export interface AdamL2Options extends AdamOptions {
  /** Added to the gradient as `weightDecay` times the parameter. */
  readonly weightDecay?: number;
}

/** Adam, with weight decay (if any) as part of the gradient. */
export const adam = ({ weightDecay = 0, ...moments }: AdamL2Options = {}): Transform =>
  chain(addDecayedWeights(weightDecay), scaleByAdam(moments), scaleByLearningRate());

export interface AdamWOptions extends AdamOptions {
  readonly weightDecay?: number;
  /** The parameters that decay, by name; all by default. */
  readonly decays?: (name: string) => boolean;
}

/**
 * Adam with weight decay that does not pass through the moments.
 *
 * @see Loshchilov and Hutter 2019, "Decoupled Weight Decay Regularization", algorithm 2
 */
export const adamW = ({ weightDecay = 1e-2, decays, ...moments }: AdamWOptions = {}): Transform =>
  chain(scaleByAdam(moments), addDecayedWeights(weightDecay, decays), scaleByLearningRate());
