import type { GrayImage } from "@glyphcast/preprocess";
import { beforeAll, describe, expect, it } from "vitest";
import { loadMnist } from "../../datasets/mnist.ts";
import { corrupted, corruptionNames } from "./corruptions.ts";

/** The means of the levels of a picture's pixels, in a 3 × 3 grid. */
function ninths({ width, height, data }: GrayImage): number[] {
  const sums = new Array<number>(9).fill(0);
  const counts = new Array<number>(9).fill(0);
  for (const [i, level] of data.entries()) {
    const cell = 3 * Math.floor((3 * Math.floor(i / width)) / height) + Math.floor((3 * (i % width)) / width);
    sums[cell]! += level;
    counts[cell]!++;
  }
  return sums.map((sum, cell) => sum / counts[cell]!);
}

let digits: GrayImage[];
beforeAll(async () => {
  const { train } = await loadMnist();
  digits = Array.from({ length: 8 }, (_, i) => ({
    width: 28,
    height: 28,
    data: train.pixels.slice(784 * i, 784 * (i + 1)),
  }));
});

describe.each(corruptionNames)("%s", (name) => {
  it("changes a picture, keeps its size, and does the same again", () => {
    for (const [index, digit] of digits.entries()) {
      const before = digit.data.slice();
      const once = corrupted(name, digit, index);
      expect([once.width, once.height, once.data.length]).toEqual([28, 28, 784]);
      expect(once.data).not.toEqual(before);
      expect(corrupted(name, digit, index)).toEqual(once);
      expect(digit.data).toEqual(before);
    }
  });

  it("is drawn anew for each picture of a dataset", () => {
    if (["scale", "brightness", "stripe"].includes(name)) return;
    const results = new Set(Array.from({ length: 8 }, (_, index) => String(corrupted(name, digits[0]!, index).data)));
    expect(results.size).toBeGreaterThan(1);
  });

  it("does to a picture of any size about what it does to a small one", () => {
    // Noise falls on pixels, so only warps, light and marks have a shape of their own to compare.
    const sizes = [
      { width: 1, height: 1 },
      { width: 40, height: 9 },
      { width: 9, height: 40 },
    ];
    for (const { width, height } of sizes) {
      const { data } = corrupted(name, { width, height, data: new Uint8Array(width * height).fill(200) }, 0);
      expect(data).toHaveLength(width * height);
    }
    const large = { width: 84, height: 84, data: new Uint8Array(84 * 84) };
    for (const i of large.data.keys())
      large.data[i] = digits[1]!.data[28 * Math.floor(i / 84 / 3) + Math.floor((i % 84) / 3)]!;
    const small = ninths(corrupted(name, digits[1]!, 5));
    // A twelfth of the range: noise is drawn for other pixels, and edges fall between others.
    for (const [cell, level] of ninths(corrupted(name, large, 5)).entries())
      expect(Math.abs(level - small[cell]!)).toBeLessThan(21);
  });
});
