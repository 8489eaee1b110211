import { describe, expect, it } from "vitest";
import { loadTfjs } from "../model/tfjs.ts";
import { argMax, evaluate, meanCrossEntropy, recallPerClass } from "./metrics.ts";
import { compareAnswers, parityFailures } from "./parity.ts";

it("meanCrossEntropy is what TF.js computes, however large the logits are", async () => {
  const tf = await loadTfjs();
  const [logits, labels] = [
    [1, -2, 0.5, 300, -300, 0, 2, 2, 2],
    [0, 1, 2],
  ];
  for (const smoothing of [0, 0.1]) {
    const truth = tf.oneHot(tf.tensor1d(labels, "int32"), 3, 1, 0, "float32");
    const expected = tf.losses.softmaxCrossEntropy(truth, tf.tensor(logits, [3, 3]), undefined, smoothing).dataSync();
    // TF.js sums in float32.
    expect([meanCrossEntropy(logits, labels, 3, smoothing)]).toBeAllClose(expected, { rtol: 1e-5 });
  }
});

describe("evaluate", () => {
  const scores = [0.9, 0.1, 0.2, 0.8, 0.6, 0.4, 0.3, 0.7];

  it("counts errors and who was taken for whom", () => {
    const evaluation = evaluate(scores, [0, 1, 1, 1], 2);
    expect(evaluation).toEqual({
      images: 4,
      errors: 1,
      accuracy: 0.75,
      confusion: [
        [1, 0],
        [1, 2],
      ],
    });
    expect(recallPerClass(evaluation)).toEqual([1, 2 / 3]);
  });

  it("takes the first of equal scores", () => {
    expect(argMax([9, 1, 1, 1, 0], 1, 4)).toBe(0);
  });
});

describe("compareAnswers", () => {
  const reference = { probabilities: Float32Array.of(0.75, 0.25, 0.5, 0.5, 0.125, 0.875) };

  it("finds the largest difference and the changed answers, over as many rows as there are", () => {
    const parity = compareAnswers("r", { probabilities: Float32Array.of(0.75, 0.25, 0.375, 0.625) }, reference, 2);
    expect(parity).toEqual({ runtime: "r", images: 2, maxAbsDiff: 0.125, argmaxDisagreements: 1 });
    expect(parityFailures([parity])).toHaveLength(1);
  });

  it("passes rounding", () => {
    const parity = compareAnswers("r", { probabilities: reference.probabilities.map((p) => p + 1e-6) }, reference, 2);
    expect(parityFailures([parity])).toEqual([]);
  });

  it("looks at the confidence too", () => {
    const sure = (confidence: number) => ({
      probabilities: Float32Array.of(0.5, 0.5),
      confidence: Float32Array.of(confidence),
    });
    expect(compareAnswers("r", sure(0.5), sure(0.75), 2).maxAbsDiff).toBe(0.25);
  });

  it("does not take NaN for agreement", () => {
    const parity = compareAnswers("r", { probabilities: Float32Array.of(Number.NaN, 0.25) }, reference, 2);
    expect(parity.maxAbsDiff).toBe(Number.POSITIVE_INFINITY);
    expect(parityFailures([parity])).toHaveLength(1);
  });
});
