import { type ShapeRule, typed } from "./rule.ts";

/** A loss for each label, or one for all; the softmax also puts out its logarithm. */
const loss: ShapeRule = (node) => {
  const scores = node.type(0);
  const one = node.attribute("reduction", "mean") !== "none";
  return [scores && typed(scores.dtype, one ? [] : node.shape(1)), scores];
};

export const LOSSES: Readonly<Record<string, ShapeRule>> = {
  NegativeLogLikelihoodLoss: loss,
  SoftmaxCrossEntropyLoss: loss,
};
