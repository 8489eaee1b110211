import { expect, it } from "vitest";
import { calibration } from "./calibration.ts";
import { classReport } from "./class-report.ts";

it("gives precision, recall and F1 of each class, and both their means", () => {
  // Computed by hand: class 0 has 3 of 4 found and 3 of 5 guesses right; class 2 is never met nor guessed.
  const { perClass, macro, weighted } = classReport({
    confusion: [
      [3, 1, 0],
      [2, 4, 0],
      [0, 0, 0],
    ],
  });
  expect(perClass[0]).toEqual({ precision: 0.6, recall: 0.75, f1: 6 / 9, support: 4 });
  expect(perClass[1]).toEqual({ precision: 0.8, recall: 4 / 6, f1: 8 / 11, support: 6 });
  expect(perClass[2]).toEqual({ precision: 0, recall: 0, f1: 0, support: 0 });
  expect([macro.precision, macro.f1]).toBeAllClose([1.4 / 3, (6 / 9 + 8 / 11) / 3], { rtol: 1e-12 });
  expect([weighted.recall, weighted.support]).toBeAllClose([0.7, 10], { rtol: 1e-12 });
});

it("measures how far confidence and accuracy are apart", () => {
  // Two answers at 0.75, one of them right; two at 1, both right: |0.5 − 0.75| · ½.
  const { bins, ece } = calibration(Float32Array.of(0.75, 0.25, 0.75, 0.25, 0, 1, 1, 0), [0, 1, 1, 0], 2);
  expect(ece).toBeCloseTo(0.125, 6);
  expect(bins.map(({ images, accuracy, meanConfidence }) => [images, accuracy, meanConfidence])).toEqual([
    [2, 0.5, 0.75],
    [2, 1, 1],
  ]);
});
