import { expect, it } from "vitest";
import { randomStream } from "../random.ts";
import { strokeWidth } from "./stroke.ts";

const random = randomStream(7);
const picture = new Uint8Array(12 * 10).map(() => random() * 256);

const changed = (amount: number): Uint8Array => {
  const pixels = new Uint8Array(1 + picture.length + 1).fill(9);
  pixels.set(picture, 1);
  strokeWidth([12, 10])(pixels, 1, amount);
  expect([pixels[0], pixels.at(-1)]).toEqual([9, 9]);
  return pixels.slice(1, -1);
};

/** The pixel and those next to it, inside the picture. */
function cross(i: number): number[] {
  const [y, x] = [Math.floor(i / 10), i % 10];
  const inside = [
    [y, x],
    [y - 1, x],
    [y + 1, x],
    [y, x - 1],
    [y, x + 1],
  ].filter(([y, x]) => y! >= 0 && y! < 12 && x! >= 0 && x! < 10);
  return inside.map(([y, x]) => picture[y! * 10 + x!]!);
}

it("spreads ink to the four pixels around, or paper", () => {
  expect(changed(1)).toEqual(picture.map((_, i) => Math.max(...cross(i))));
  expect(changed(-1)).toEqual(picture.map((_, i) => Math.min(...cross(i))));
});

it("mixes that with the picture by the amount, and leaves it alone at 0", () => {
  expect(changed(0)).toEqual(picture);
  const half = picture.map((ink, i) => (ink + Math.max(...cross(i))) / 2);
  expect(changed(0.5)).toBeAllClose(half, { atol: 1 });
});

it("treats each channel of a colour picture alike", () => {
  const colour = new Uint8Array(12 * 10 * 3).map((_, i) => picture[Math.floor(i / 3)]!);
  strokeWidth([12, 10, 3])(colour, 0, 0.7);
  const grey = changed(0.7);
  for (const channel of [0, 1, 2]) expect(colour.filter((_, i) => i % 3 === channel)).toEqual(grey);
});
