import type { Candidate } from "@glyphcast/runtime-web";
import { percent } from "./answer.ts";
import { make } from "./dom.ts";

export interface Bars {
  /** One candidate for each label; the likeliest stands out. */
  show(candidates: readonly Candidate[]): void;
  /** Every bar at zero. */
  reset(): void;
}

/** Fills the list with one bar for each label. */
export function createBars(list: HTMLElement, labels: readonly string[]): Bars {
  const bars = labels.map((label) => {
    const share = make("span", "share");
    const row = make("li", "bar", make("span", "label", label), make("span", "track", make("i", "")), share);
    return { row, share };
  });
  list.replaceChildren(...bars.map(({ row }) => row));

  const set = (index: number, score: number, words: string, isBest: boolean) => {
    const { row, share } = bars[index]!;
    row.style.setProperty("--score", score.toFixed(4));
    row.classList.toggle("best", isBest);
    share.textContent = words;
  };
  const reset = () => {
    for (const index of labels.keys()) set(index, 0, "", false);
  };
  reset();
  return {
    reset,
    show(candidates) {
      const best = Math.max(...candidates.map(({ score }) => score));
      for (const { index, score } of candidates) set(index, score, percent(score), score === best);
    },
  };
}
