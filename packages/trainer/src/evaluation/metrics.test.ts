import { describe, expect, it } from "vitest";
import { loadTfjs } from "../model/tfjs.ts";
import { argMax, evaluate, meanCrossEntropy, recallPerClass } from "./metrics.ts";

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
