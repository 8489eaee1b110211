import type { Evaluation } from "./metrics.ts";

/** How well one class, or the average of classes, is told from the others. NaN never: 0 where there is nothing to divide. */
export interface Scores {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Pictures of the class. */
  readonly support: number;
}

export interface ClassReport {
  readonly perClass: readonly Scores[];
  /** Each class counts alike. */
  readonly macro: Scores;
  /** Each picture counts alike. */
  readonly weighted: Scores;
}

/** Precision, recall and F1 of each class, from counts. */
export function classReport({ confusion }: Pick<Evaluation, "confusion">): ClassReport {
  const perClass = confusion.map((row, truth) => {
    const support = sum(row);
    const guessed = sum(confusion.map((row) => row[truth]!));
    const precision = ratio(row[truth]!, guessed);
    const recall = ratio(row[truth]!, support);
    // The harmonic mean: 2·P·R / (P + R) = 2·hits / (support + guessed).
    return { precision, recall, f1: ratio(2 * row[truth]!, support + guessed), support };
  });
  const total = sum(perClass.map(({ support }) => support));
  const mean = (weight: (scores: Scores) => number): Scores => {
    const over = (key: "precision" | "recall" | "f1") => sum(perClass.map((scores) => scores[key] * weight(scores)));
    return { precision: over("precision"), recall: over("recall"), f1: over("f1"), support: total };
  };
  return { perClass, macro: mean(() => 1 / perClass.length), weighted: mean(({ support }) => ratio(support, total)) };
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);
