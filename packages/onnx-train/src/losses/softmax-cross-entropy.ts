import { TrainError } from "../errors.ts";
import type { Loss } from "./loss.ts";

export interface SoftmaxCrossEntropyOptions {
  /** The share of each target that is spread evenly over all classes, in [0, 1). */
  readonly labelSmoothing?: number;
}

/**
 * −Σ t·log softmax(z), averaged over the batch, with t = (1 − ε)·onehot(label) + ε/classes.
 * prediction: logits float32 [batch, classes]; labels: class ids int64 [batch].
 *
 * @see Szegedy et al. 2016, "Rethinking the Inception Architecture", §7 (label smoothing)
 */
export function softmaxCrossEntropy({ labelSmoothing = 0 }: SoftmaxCrossEntropyOptions = {}): Loss {
  if (!(labelSmoothing >= 0 && labelSmoothing < 1))
    throw new TrainError("BAD_OPTION", `labelSmoothing is ${labelSmoothing}; it must be at least 0 and below 1.`);
  return {
    name: "softmax-cross-entropy",
    labels: ([batch = 1]) => ({ dtype: "int64", shape: [batch] }),
    emit(g, prediction, labels) {
      const [batch = 1, classes = 1] = g.shape(prediction);
      const spread = labelSmoothing / classes;
      const range = g.floats([spread, 1 - labelSmoothing + spread]);
      const target = g.op("OneHot", [labels, g.ints(classes), range], { axis: -1 });
      const logProbabilities = g.op("LogSoftmax", [prediction], { axis: -1 });
      const value = g.mul(g.sum(g.mul(target, logProbabilities), [0, 1]), g.floats(-1 / batch));
      // d/dz = (softmax(z) − t) / batch
      const gradient = g.mul(g.sub(g.op("Exp", [logProbabilities]), target), g.floats(1 / batch));
      return { value, gradient };
    },
  };
}
