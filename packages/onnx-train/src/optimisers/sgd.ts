import { zeros } from "@glyphcast/onnx";
import { TrainError } from "../errors.ts";
import { addDecayedWeights, scaleByLearningRate } from "./stages.ts";
import { chain, type Transform } from "./transform.ts";

export interface MomentumOptions {
  /** How much of the previous velocity is kept. */
  readonly momentum: number;
  /** Looks ahead by one velocity. */
  readonly nesterov?: boolean;
}

/**
 * v ← μ·v + g; the update is v, or g + μ·v with Nesterov.
 *
 * @see Sutskever et al. 2013, "On the importance of initialization and momentum in deep learning", §2
 */
export const accumulateMomentum = ({ momentum, nesterov = false }: MomentumOptions): Transform => ({
  init: (parameters) =>
    parameters.map(({ name, shape }) => ({ name: `momentum/${name}`, of: name, initial: zeros("float32", shape) })),
  update: ({ g, state, next }, updates) =>
    new Map(
      Array.from(updates, ([name, gradient]) => {
        const velocity = g.add(g.mul(state(`momentum/${name}`), g.floats(momentum)), gradient);
        next(`momentum/${name}`, velocity);
        return [name, nesterov ? g.add(gradient, g.mul(velocity, g.floats(momentum))) : velocity];
      }),
    ),
});

export interface SgdOptions extends Partial<MomentumOptions> {
  /** Added to the gradient as `weightDecay` times the parameter. */
  readonly weightDecay?: number;
}

/** Stochastic gradient descent. */
export function sgd({ momentum = 0, nesterov = false, weightDecay = 0 }: SgdOptions = {}): Transform {
  if (nesterov && momentum === 0) throw new TrainError("BAD_OPTION", "Nesterov's look-ahead needs a momentum above 0.");
  const stages = [addDecayedWeights(weightDecay)];
  if (momentum !== 0) stages.push(accumulateMomentum({ momentum, nesterov }));
  return chain(...stages, scaleByLearningRate());
}
