import fc from "fast-check";
import { expect, it } from "vitest";
import { luminance } from "./luminance.ts";

const byte = fc.integer({ min: 0, max: 255 });
const colour = fc.tuple(byte, byte, byte);
const lumaOf = (rgba: number[], paper: readonly [number, number, number]) =>
  luminance({ width: 1, height: 1, data: Uint8Array.from(rgba) }, { paper }).data[0];

it("leaves grey as it is", () => {
  for (let level = 0; level < 256; level++) expect(lumaOf([level, level, level, 255], [0, 0, 0])).toBe(level);
});

it("shows only paper where the picture is transparent", () => {
  fc.assert(
    fc.property(colour, colour, (own, paper) => {
      expect(lumaOf([...own, 0], paper)).toBe(lumaOf([...paper, 255], [0, 0, 0]));
    }),
  );
});

it("rounds once, to the nearest level", () => {
  fc.assert(
    fc.property(colour, byte, colour, (own, alpha, paper) => {
      const weigh = ([red, green, blue]: readonly number[]) => 77 * red! + 150 * green! + 29 * blue!;
      const exact = (weigh(own) * alpha + weigh(paper) * (255 - alpha)) / (256 * 255);
      expect(Math.abs(lumaOf([...own, alpha], paper)! - exact)).toBeLessThanOrEqual(0.5);
    }),
    { numRuns: 1000 },
  );
});

it("weighs green most and blue least, as eyes do", () => {
  expect([
    lumaOf([255, 0, 0, 255], [0, 0, 0]),
    lumaOf([0, 255, 0, 255], [0, 0, 0]),
    lumaOf([0, 0, 255, 255], [0, 0, 0]),
  ]).toEqual([77, 149, 29]);
});
