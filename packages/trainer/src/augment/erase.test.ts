import { expect, it } from "vitest";
import { randomStream } from "../random.ts";
import { randomErase } from "./erase.ts";

/** The rectangle that is `paper` in a picture of nothing else than `ink`, as [top, left, height, width]. */
function rectangle(pixels: Uint8Array, width: number, paper: number): number[] | undefined {
  const found = [...pixels.keys()].filter((i) => pixels[i] === paper);
  if (found.length === 0) return undefined;
  const rows = found.map((i) => Math.floor(i / width));
  const columns = found.map((i) => i % width);
  const [top, left] = [Math.min(...rows), Math.min(...columns)];
  const sides = [Math.max(...rows) - top + 1, Math.max(...columns) - left + 1];
  expect(found.length).toBe(sides[0]! * sides[1]!);
  return [top, left, ...sides];
}

it("wipes a rectangle of the sides asked for, as often as asked for, everywhere", () => {
  const erase = randomErase({ probability: 0.25, side: [0.25, 0.5] }, [20, 40], 0);
  const drawn = Array.from({ length: 2000 }, (_, i) => {
    const pixels = new Uint8Array(800).fill(200);
    erase(pixels, 0, randomStream(1, i));
    return rectangle(pixels, 40, 0);
  }).filter((found) => found !== undefined);
  // Three standard deviations of 2,000 draws.
  expect(Math.abs(drawn.length / 2000 - 0.25)).toBeLessThan(0.03);
  const extremes = (of: (found: number[]) => number) => [Math.min(...drawn.map(of)), Math.max(...drawn.map(of))];
  expect(extremes(([, , height]) => height!)).toEqual([5, 10]);
  expect(extremes(([, , , width]) => width!)).toEqual([10, 20]);
  expect(extremes(([top]) => top!)).toEqual([0, 15]);
  expect(extremes(([top, , height]) => top! + height!)[1]).toBe(20);
  expect(extremes(([, left, , width]) => left! + width!)[1]).toBe(40);
});

it("takes all channels of a pixel, and nothing beside its picture", () => {
  const pixels = new Uint8Array(3 * 300).fill(200);
  randomErase({ probability: 1, side: [1, 1] }, [10, 10, 3], 128)(pixels, 300, randomStream(1));
  expect(new Set(pixels.subarray(300, 600))).toEqual(new Set([128]));
  expect(new Set(pixels.subarray(0, 300))).toEqual(new Set([200]));
  expect(new Set(pixels.subarray(600))).toEqual(new Set([200]));
});
