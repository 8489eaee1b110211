/** How well scores fit the true classes. */
export interface Evaluation {
  readonly images: number;
  readonly errors: number;
  readonly accuracy: number;
  /** `confusion[truth][guess]`: how many pictures. */
  readonly confusion: readonly (readonly number[])[];
}

/** The index of the largest of `count` scores from `offset` on; the first one where several are largest. */
export function argMax(scores: ArrayLike<number>, offset: number, count: number): number {
  let best = 0;
  for (let i = 1; i < count; i++) if (scores[offset + i]! > scores[offset + best]!) best = i;
  return best;
}

/** How many of the rows of `scores`, [n, classes], are largest at their label. */
export function countCorrect(scores: ArrayLike<number>, labels: ArrayLike<number>, classes: number): number {
  let correct = 0;
  for (let i = 0; i < labels.length; i++) if (argMax(scores, i * classes, classes) === labels[i]) correct++;
  return correct;
}

/** Judges `scores`, [n, classes], by `labels`. */
export function evaluate(scores: ArrayLike<number>, labels: ArrayLike<number>, classes: number): Evaluation {
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < labels.length; i++) confusion[labels[i]!]![argMax(scores, i * classes, classes)]!++;
  const correct = confusion.reduce((sum, row, truth) => sum + row[truth]!, 0);
  return { images: labels.length, errors: labels.length - correct, accuracy: correct / labels.length, confusion };
}

/** Of the pictures of each class, the fraction found; NaN for a class without pictures. */
export function recallPerClass({ confusion }: Evaluation): number[] {
  return confusion.map((row, truth) => row[truth]! / row.reduce((sum, n) => sum + n, 0));
}
