import { expect, it } from "vitest";
import { randomStream } from "../random.ts";
import { type SpoilRanges, spoiler } from "./spoil.ts";

const ranges: SpoilRanges = { share: 0.4, noise: 60, fade: 0.3, side: [0.2, 0.4] };
/** Two pictures: plain ink of a level, and one that shows where it comes through. */
const LEVEL = 100;
const pixels = new Uint8Array(2 * 400).fill(LEVEL, 0, 400).fill(250, 400);

const spoilt = Array.from({ length: 4000 }, (_, i) => {
  const target = pixels.slice(0, 400);
  spoiler(ranges, [20, 20])(pixels, target, 0, randomStream(3, i));
  return target;
});
/** Noise may be too faint to make many levels. */
const isNoise = (levels: ReadonlySet<number>): boolean =>
  levels.size > 2 || (levels.size === 2 && [...levels].every((level) => Math.abs(level - LEVEL) <= 1));
const changed = spoilt.filter((target) => target.some((level) => level !== LEVEL));

it("spoils about the share of pictures asked for", () => {
  // Of the pasted rectangles half show the same picture, and change nothing.
  expect(changed.length / spoilt.length).toBeGreaterThan(0.4 * (7 / 8) - 0.03);
  expect(changed.length / spoilt.length).toBeLessThan(0.4 * (7 / 8) + 0.03);
});

it("adds noise, fades, hides and pastes, each on about a quarter of them", () => {
  const kinds = { noise: 0, fade: 0, rectangle: 0, paste: 0 };
  for (const target of changed) {
    const levels = new Set(target);
    if (isNoise(levels)) kinds.noise++;
    else if (levels.size === 1) kinds.fade++;
    else if (levels.has(250)) kinds.paste++;
    else kinds.rectangle++;
  }
  const each = (0.4 * spoilt.length) / 4;
  for (const [kind, expected] of Object.entries({ noise: each, fade: each, rectangle: each, paste: each / 2 })) {
    const found = kinds[kind as keyof typeof kinds];
    expect(found, kind).toBeGreaterThan(0.8 * expected);
    expect(found, kind).toBeLessThan(1.2 * expected);
  }
});

it("keeps to its ranges", () => {
  for (const target of changed) {
    const levels = new Set(target);
    if (levels.size === 1) {
      expect(target[0]).toBeGreaterThanOrEqual(0.3 * LEVEL - 1);
    } else if (!isNoise(levels)) {
      const hidden = target.filter((level) => level !== LEVEL).length;
      expect(hidden).toBeGreaterThanOrEqual(4 * 4);
      expect(hidden).toBeLessThanOrEqual(8 * 8);
    } else {
      const variance = target.reduce((sum, level) => sum + (level - LEVEL) ** 2, 0) / 400;
      expect(Math.sqrt(variance)).toBeLessThan(1.15 * 60);
    }
  }
});
