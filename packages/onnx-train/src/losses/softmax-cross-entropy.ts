import { TrainError } from "../errors.ts";
import type { Loss } from "./loss.ts";
import { requireMatrix } from "./require-matrix.ts";

export interface SoftmaxCrossEntropyOptions {
  /** The share of each target that is spread evenly over all classes, in [0, 1). */
  readonly labelSmoothing?: number;
  /** One weight per class, not negative. With class ids the mean is then over the weights of the labels. */
  readonly classWeights?: readonly number[];
  /** `ids`: int64 [batch]; `distributions`: float32 [batch, classes], each row summing to 1. */
  readonly labels?: "ids" | "distributions";
}

/**
 * −Σ w·t·log softmax(z), averaged over the batch, with t = (1 − ε)·target + ε/classes.
 * prediction: logits float32 [batch, classes].
 *
 * @see Szegedy et al. 2016, "Rethinking the Inception Architecture", §7 (label smoothing)
 */
export function softmaxCrossEntropy({
  labelSmoothing = 0,
  classWeights,
  labels: kind = "ids",
}: SoftmaxCrossEntropyOptions = {}): Loss {
  if (!(labelSmoothing >= 0 && labelSmoothing < 1))
    throw new TrainError("BAD_OPTION", `labelSmoothing is ${labelSmoothing}; it must be at least 0 and below 1.`);
  return {
    name: "softmax-cross-entropy",
    labels(prediction) {
      const [batch, classes] = requireMatrix("softmax-cross-entropy", prediction);
      if (classWeights && classWeights.length !== classes)
        throw new TrainError("BAD_OPTION", `There are ${classWeights.length} class weights for ${classes} classes.`);
      return kind === "ids"
        ? { dtype: "int64", shape: [batch], classes }
        : { dtype: "float32", shape: [batch, classes] };
    },
    emit(g, prediction, labels) {
      const [batch, classes] = requireMatrix("softmax-cross-entropy", g.shape(prediction));
      const spread = labelSmoothing / classes;
      const smooth = (target: string) => g.add(g.mul(target, g.floats(1 - labelSmoothing)), g.floats(spread));
      const oneHot = () =>
        g.op("OneHot", [labels, g.ints(classes), g.floats([spread, 1 - labelSmoothing + spread])], { axis: -1 });
      const target = kind === "ids" ? oneHot() : labelSmoothing > 0 ? smooth(labels) : labels;
      const logProbabilities = g.op("LogSoftmax", [prediction], { axis: -1 });
      const probabilities = g.op("Exp", [logProbabilities]);
      if (!classWeights) {
        const value = g.mul(g.sum(g.mul(target, logProbabilities), [0, 1]), g.floats(-1 / batch));
        // d/dz = (softmax(z)·Σt − t) / batch, and Σt = 1
        return { value, gradient: g.mul(g.sub(probabilities, target), g.floats(1 / batch)) };
      }
      const weights = g.floats(classWeights);
      const weighted = g.mul(target, weights);
      const norm = kind === "ids" ? g.sum(g.gather(weights, labels, 0), [0]) : g.floats(batch);
      const value = g.div(g.neg(g.sum(g.mul(weighted, logProbabilities), [0, 1])), norm);
      const gradient = g.div(g.sub(g.mul(probabilities, g.sum(weighted, [1], true)), weighted), norm);
      return { value, gradient };
    },
  };
}
