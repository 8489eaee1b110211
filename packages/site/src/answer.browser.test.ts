import { describe, expect, it } from "vitest";
import { answerTo, percent } from "./answer.ts";

const reading = (scores: Readonly<Record<string, number>>, rejected = false) => ({
  candidates: Object.entries(scores)
    .map(([label, score], index) => ({ label, score, index }))
    .sort((a, b) => b.score - a.score),
  confidence: Math.max(...Object.values(scores)),
  rejected,
  pixels: new Uint8Array(28 * 28),
});

describe("answerTo", () => {
  it("names the digit alone when it is sure", () => {
    expect(answerTo(reading({ 3: 0.04, 7: 0.95 }))).toMatchObject({ state: "sure", glyph: "7", detail: "95 % sure" });
  });

  it("names the runner-up when it is not", () => {
    expect(answerTo(reading({ 1: 0.3, 7: 0.6 }))).toMatchObject({
      state: "unsure",
      glyph: "7",
      detail: "60 % sure, then 1 with 30 %",
      spoken: "Perhaps 7, 60 %, then 1, 30 %",
    });
  });

  it("gives no digit for what was rejected, however likely its best", () => {
    expect(answerTo(reading({ 1: 0.02, 7: 0.97 }, true))).toMatchObject({ state: "rejected", glyph: "no digit" });
  });
});

describe("percent", () => {
  it.each([
    [0, "0 %"],
    [0.004, "0 %"],
    [0.996, "99.6 %"],
    [0.99999, "99.9 %"],
    [1, "100 %"],
  ])("writes %d as %s, and only certainty as 100 %", (score, words) => expect(percent(score)).toBe(words));
});
