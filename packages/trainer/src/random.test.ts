import { describe, expect, it } from "vitest";
import { randomStream, shuffle } from "./random.ts";

const draw = (n: number, ...key: [number, number?, number?]): number[] => {
  const random = randomStream(...key);
  return Array.from({ length: n }, random);
};

describe("randomStream", () => {
  it("depends on all three parts of its key, and on nothing else", () => {
    expect(draw(8, 1, 2, 3)).toEqual(draw(8, 1, 2, 3));
    const streams = [draw(8, 1, 2, 3), draw(8, 2, 2, 3), draw(8, 1, 3, 3), draw(8, 1, 2, 4), draw(8, 3, 2, 1)];
    expect(new Set(streams.map(String)).size).toBe(streams.length);
  });

  it("keeps giving the numbers it gave when this was written: recorded runs depend on them", () => {
    expect(draw(3, 1, 2, 3).map((x) => Math.floor(x * 2 ** 32))).toMatchInlineSnapshot(`
      [
        1936341825,
        3001364500,
        1029104839,
      ]
    `);
  });

  it("is uniform in [0, 1), within one stream and across the first numbers of neighbouring ones", () => {
    const firsts = Array.from({ length: 20_000 }, (_, i) => randomStream(1, 0, i)());
    for (const values of [draw(20_000, 7), firsts]) {
      expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...values)).toBeLessThan(1);
      // The mean of 20,000 has a standard deviation of 0.002; 5 of them.
      const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
      expect(Math.abs(mean - 0.5)).toBeLessThan(0.01);
    }
  });
});

it("shuffle puts every value somewhere, each place equally likely", () => {
  const random = randomStream(3);
  const firstIs = new Uint32Array(5);
  for (let i = 0; i < 5000; i++) {
    const order = shuffle(Uint32Array.of(0, 1, 2, 3, 4), random);
    expect([...order].sort()).toEqual([0, 1, 2, 3, 4]);
    firstIs[order[0]!]!++;
  }
  // 1000 expected of each, with a standard deviation of 28; 5 of them.
  for (const times of firstIs) expect(Math.abs(times - 1000)).toBeLessThan(142);
});
