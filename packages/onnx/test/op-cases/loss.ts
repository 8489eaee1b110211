import fc from "fast-check";
import { type Cases, extent, ints, maybe, ones, shapes } from "./tensors.ts";

const loss = (outputs: number): Cases =>
  fc
    .record({
      batch: extent,
      classes: extent,
      rest: shapes(0, 2),
      reduction: maybe("reduction", fc.constantFrom("none", "sum", "mean")),
      weighted: fc.boolean(),
      count: fc.integer({ min: 1, max: outputs }),
    })
    .map(({ batch, classes, rest, reduction, weighted, count }) => ({
      inputs: [ones([batch, classes, ...rest]), ints([batch, ...rest], 0), weighted ? ones([classes]) : undefined],
      attributes: reduction,
      outputs: count,
    }));

export const LOSS_CASES: Readonly<Record<string, Cases>> = {
  NegativeLogLikelihoodLoss: loss(1),
  SoftmaxCrossEntropyLoss: loss(2),
};
