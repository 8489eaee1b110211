import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stratifiedSplit } from "./split.ts";

const histogram = (labels: Uint8Array, indices: Uint32Array): number[] => {
  const counts = new Array<number>(10).fill(0);
  for (const index of indices) counts[labels[index]!]!++;
  return counts;
};

describe("stratifiedSplit", () => {
  it("puts every example in exactly one part, and every class in proportion", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 300, max: 9 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer(),
        (labels, fraction, seed) => {
          const count = Math.floor(labels.length * fraction);
          const { train, validation } = stratifiedSplit(labels, count, seed);
          expect(validation).toHaveLength(count);
          expect([...train, ...validation].sort((a, b) => a - b)).toEqual(Array.from(labels, (_, i) => i));
          const all = histogram(
            labels,
            Uint32Array.from(labels, (_, i) => i),
          );
          for (const [label, held] of histogram(labels, validation).entries())
            expect(Math.abs(held - (all[label]! * count) / labels.length)).toBeLessThan(1);
        },
      ),
    );
  });

  it("follows the seed", () => {
    const labels = Uint8Array.from({ length: 200 }, (_, i) => i % 10);
    expect(stratifiedSplit(labels, 50, 1)).toEqual(stratifiedSplit(labels, 50, 1));
    expect(stratifiedSplit(labels, 50, 1)).not.toEqual(stratifiedSplit(labels, 50, 2));
  });
});
