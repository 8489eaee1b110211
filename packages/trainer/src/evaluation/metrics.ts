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

/**
 * The mean loss, in nats, of `logits`, [n, classes], where `smoothing` of each label is shared by all classes.
 *
 * @see Szegedy et al. 2016, "Rethinking the Inception Architecture for Computer Vision", §7
 */
export function meanCrossEntropy(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
  smoothing = 0,
): number {
  let loss = 0;
  for (let i = 0; i < labels.length; i++) {
    const at = i * classes;
    const largest = logits[at + argMax(logits, at, classes)]!;
    let [sum, exponentials] = [0, 0];
    for (let k = 0; k < classes; k++) {
      sum += logits[at + k]!;
      exponentials += Math.exp(logits[at + k]! - largest);
    }
    // −Σ q·log p with q = (1 − ε)·[k = label] + ε / K and log p = z − log Σ exp z.
    const likely = (1 - smoothing) * logits[at + labels[i]!]! + (smoothing / classes) * sum;
    loss += largest + Math.log(exponentials) - likely;
  }
  return loss / labels.length;
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
