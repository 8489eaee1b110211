import { expect, it } from "vitest";
import { toCanvasGrid } from "./canvas-grid.ts";

const everyPair = {
  width: 256,
  height: 256,
  data: Uint8Array.from({ length: 256 * 256 * 4 }, (_, i) => ((i & 3) === 3 ? i >> 10 : (i >> 2) & 255)),
};

/** A canvas's own rounding: colour × alpha in 8 bits. */
const premultiplied = (data: Uint8Array | Uint8ClampedArray) =>
  Array.from(data, (value, i) => Math.round((value * data[i | 3]!) / 255));

it("changes nothing that a canvas keeps: colour × alpha in 8 bits, and alpha", () => {
  const { data } = toCanvasGrid(everyPair);
  const [found, expected] = [premultiplied(data), premultiplied(everyPair.data)];
  expect(found.filter((value, i) => value !== expected[i])).toEqual([]);
  expect(data.filter((value, i) => (i & 3) === 3 && value !== everyPair.data[i])).toHaveLength(0);
});

it("is idempotent", () => {
  const once = toCanvasGrid(everyPair);
  const { data } = toCanvasGrid(once);
  expect(data.filter((value: number, i: number) => value !== once.data[i])).toHaveLength(0);
});

it("gives an opaque picture back as it is, and never writes into the caller's", () => {
  const opaque = { width: 1, height: 2, data: Uint8ClampedArray.of(1, 2, 3, 255, 4, 5, 6, 255) };
  expect(toCanvasGrid(opaque)).toBe(opaque);
  const before = everyPair.data.slice();
  toCanvasGrid(everyPair);
  expect(everyPair.data.filter((value, i) => value !== before[i])).toHaveLength(0);
});
