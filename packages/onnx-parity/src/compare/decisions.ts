/** How far two runtimes agree on the largest of each row. */
export interface Decisions {
  readonly rows: number;
  /** Rows where the largest stands elsewhere, by a margin that rounding does not explain. */
  flips: number;
  /** Rows where it stands elsewhere because the two largest are as good as equal. */
  ties: number;
  /** Rows whose k largest are not the same set. */
  topKDiffers: number;
  k: number;
  /** The largest margin, in the reference, of the class that was largest there over the one that is here. */
  widestMargin: number;
}

/** Between classes so near to each other, as a part of the output's scale, there is no right answer. */
export const TIE_MARGIN = 1e-6;

const K = 5;

/** Compares [rows, classes] scores. tie: margins up to this are ties. */
export function compareDecisions(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  classes: number,
  tie: number,
): Decisions {
  const rows = expected.length / classes;
  const k = Math.min(K, classes - 1);
  const decisions: Decisions = { rows, flips: 0, ties: 0, topKDiffers: 0, k, widestMargin: 0 };
  for (let row = 0; row < rows; row++) {
    const start = row * classes;
    const there = largestOf(expected, start, classes);
    const here = largestOf(actual, start, classes);
    if (there !== here) {
      const margin = expected[there]! - expected[here]!;
      decisions.widestMargin = Math.max(decisions.widestMargin, margin);
      if (margin <= tie) decisions.ties++;
      else decisions.flips++;
    }
    if (k > 1 && !sameTop(actual, expected, start, classes, k)) decisions.topKDiffers++;
  }
  return decisions;
}

function largestOf(scores: ArrayLike<number>, start: number, count: number): number {
  let best = start;
  for (let i = start + 1; i < start + count; i++) if (scores[i]! > scores[best]!) best = i;
  return best;
}

/** Whether the k largest of both are the same classes. */
function sameTop(a: ArrayLike<number>, b: ArrayLike<number>, start: number, count: number, k: number): boolean {
  const top = (scores: ArrayLike<number>): Set<number> => {
    const chosen: number[] = [];
    for (let i = start; i < start + count; i++) {
      let place = chosen.length;
      while (place > 0 && scores[i]! > scores[chosen[place - 1]!]!) place--;
      if (place < k) chosen.splice(place, 0, i);
      if (chosen.length > k) chosen.pop();
    }
    return new Set(chosen);
  };
  const ours = top(a);
  return [...top(b)].every((index) => ours.has(index));
}
