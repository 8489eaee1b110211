import { chain, eachUpdate, type Transform } from "./transform.ts";

/** Adds `rate` times the parameter itself to the update of every parameter that `decays` names. */
export const addDecayedWeights = (rate: number, decays: (name: string) => boolean = () => true): Transform =>
  rate === 0
    ? chain()
    : eachUpdate(({ g, parameters }, update, name) =>
        decays(name) ? g.add(update, g.mul(parameters.get(name)!, g.floats(rate))) : update,
      );

/** The last stage of descent: −learningRate times the update. */
export const scaleByLearningRate = (): Transform =>
  eachUpdate(({ g, learningRate }, update) => g.mul(update, g.neg(learningRate)));

/**
 * Scales all updates by one factor so that their common Euclidean norm is at most `most`.
 *
 * @see Pascanu et al. 2013, "On the difficulty of training recurrent neural networks", §3.2
 */
export const clipByGlobalNorm = (most: number): Transform => ({
  init: () => [],
  update({ g }, updates) {
    const squares = Array.from(updates.values(), (update) => {
      const flat = g.reshape(update, [g.shape(update).reduce((size, dim) => size * dim, 1)]);
      return g.matmul(flat, flat);
    });
    const norm = g.op("Sqrt", [g.total(squares)]);
    // PyTorch's clip_grad_norm_ adds the same 1e-6.
    const factor = g.op("Min", [g.div(g.floats(most), g.add(norm, g.floats(1e-6))), g.floats(1)]);
    return new Map(Array.from(updates, ([name, update]) => [name, g.mul(update, factor)]));
  },
});
