import type { Reading } from "@glyphcast/runtime-web";

/** What the page says about a drawing. */
export interface Answer {
  readonly state: "empty" | "rejected" | "unsure" | "sure";
  /** The digit in large, or words in its place. */
  readonly glyph: string;
  readonly detail: string;
  /** The same for those who listen. */
  readonly spoken: string;
}

/** Below this, the runner-up is worth a word. */
const SURE = 0.9;

/** The model has nothing to read. */
export const NOTHING_DRAWN: Answer = {
  state: "empty",
  glyph: "no digit",
  detail: "Nothing is drawn",
  spoken: "No digit: nothing is drawn",
};

/** Puts a reading, its candidates best first, into words. */
export function answerTo({ candidates, rejected }: Reading): Answer {
  const [best, second] = candidates;
  if (best === undefined || second === undefined) throw new Error("bug: a reading needs two candidates");
  if (rejected)
    return {
      state: "rejected",
      glyph: "no digit",
      detail: `Nearest to ${best.label}, but only ${percent(best.score)}`,
      spoken: `No digit. Nearest to ${best.label}, but only ${percent(best.score)}`,
    };
  if (best.score < SURE)
    return {
      state: "unsure",
      glyph: best.label,
      detail: `${percent(best.score)} sure, then ${second.label} with ${percent(second.score)}`,
      spoken: `Perhaps ${best.label}, ${percent(best.score)}, then ${second.label}, ${percent(second.score)}`,
    };
  return {
    state: "sure",
    glyph: best.label,
    detail: `${percent(best.score)} sure`,
    spoken: `${best.label}, ${percent(best.score)}`,
  };
}

/** Rounded down, since only a probability of 1 is 100 %; with a decimal where that is what matters. */
export function percent(score: number): string {
  const digits = score > 0.99 && score < 1 ? 1 : 0;
  return `${(Math.floor(100 * score * 10 ** digits) / 10 ** digits).toFixed(digits)} %`;
}
