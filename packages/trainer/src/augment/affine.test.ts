import { describe, expect, it } from "vitest";
import { randomStream } from "../random.ts";
import { type AffineMap, affineWarp, drawAffine } from "./affine.ts";

const SHAPE = [28, 28] as const;
const IDENTITY: AffineMap = { a: 1, b: 0, c: 0, d: 0, e: 1, f: 0 };
const random = randomStream(9);
const picture = new Uint8Array(28 * 28).map(() => random() * 256);

const warped = (source: Uint8Array, map: AffineMap): Uint8Array => {
  const target = new Uint8Array(28 * 28).fill(77);
  affineWarp(SHAPE)(source, 0, target, 0, map);
  return target;
};

/** The definition, in double precision. */
function bilinear(source: Uint8Array, { a, b, c, d, e, f }: AffineMap): number[] {
  const at = (x: number, y: number): number => (x >= 0 && x < 28 && y >= 0 && y < 28 ? source[y * 28 + x]! : 0);
  return Array.from({ length: 28 * 28 }, (_, i) => {
    const u = a * (i % 28) + b * Math.floor(i / 28) + c;
    const v = d * (i % 28) + e * Math.floor(i / 28) + f;
    const [x, y] = [Math.floor(u), Math.floor(v)];
    const [right, below] = [u - x, v - y];
    const top = at(x, y) * (1 - right) + at(x + 1, y) * right;
    const bottom = at(x, y + 1) * (1 - right) + at(x + 1, y + 1) * right;
    return top * (1 - below) + bottom * below;
  });
}

describe("affineWarp", () => {
  it("leaves a picture alone under the identity", () => {
    expect(warped(picture, IDENTITY)).toEqual(picture);
  });

  it("moves a picture by whole pixels, with paper coming in", () => {
    const expected = new Uint8Array(28 * 28);
    for (let y = 0; y < 27; y++) for (let x = 2; x < 28; x++) expected[y * 28 + x] = picture[(y + 1) * 28 + x - 2]!;
    expect(warped(picture, { ...IDENTITY, c: -2, f: 1 })).toEqual(expected);
  });

  it("is bilinear interpolation", () => {
    const ranges = { rotate: 40, scale: 0.4, shear: 0.5, shift: 6 };
    for (let i = 0; i < 50; i++) {
      const map = drawAffine(ranges, SHAPE, randomStream(4, i));
      // Weights of 8 bits on differences of up to 255, twice, and the final rounding.
      expect(warped(picture, map)).toBeAllClose(bilinear(picture, map), { rtol: 0, atol: 3 });
    }
  });

  it("repeats the outermost pixels beyond the edge where that is asked for", () => {
    const target = new Uint8Array(28 * 28);
    affineWarp(SHAPE, "edge")(picture, 0, target, 0, { ...IDENTITY, c: -2, f: 300 });
    for (const y of [0, 13, 27])
      expect([...target.subarray(y * 28, y * 28 + 4)]).toEqual([0, 0, 0, 1].map((x) => picture[27 * 28 + x]));
  });

  it("moves each channel of a colour picture alike", () => {
    const map = drawAffine({ rotate: 20, scale: 0.2, shear: 0.2, shift: 3 }, SHAPE, randomStream(6));
    const channels = [0, 50, 100].map((add) => picture.map((level) => level / 2 + add));
    const colour = new Uint8Array(28 * 28 * 3).map((_, i) => channels[i % 3]![Math.floor(i / 3)]!);
    const target = new Uint8Array(28 * 28 * 3);
    affineWarp([28, 28, 3])(colour, 0, target, 0, map);
    for (const [c, channel] of channels.entries())
      expect(target.filter((_, i) => i % 3 === c)).toEqual(warped(channel, map));
  });

  it("gives paper for a picture moved out of sight, however far", () => {
    for (const c of [-28, 28, 500, -30_000]) expect(Math.max(...warped(picture, { ...IDENTITY, c }))).toBe(0);
  });
});

describe("drawAffine", () => {
  const centroidOf = (map: AffineMap): [number, number] => {
    const dot = new Uint8Array(28 * 28);
    for (const i of [13 * 28 + 13, 13 * 28 + 14, 14 * 28 + 13, 14 * 28 + 14]) dot[i] = 255;
    const moved = warped(dot, map);
    let [sum, x, y] = [0, 0, 0];
    for (const [i, ink] of moved.entries()) {
      sum += ink;
      x += ink * (i % 28);
      y += ink * Math.floor(i / 28);
    }
    return [x / sum - 13.5, y / sum - 13.5];
  };

  it("turns, scales and slants about the centre", () => {
    for (let i = 0; i < 20; i++) {
      const [x, y] = centroidOf(
        drawAffine({ rotate: 30, scale: 0.2, shear: 0.3, shift: 0 }, SHAPE, randomStream(1, i)),
      );
      // A dot of four pixels, re-sampled, stays where it was within a tenth of a pixel.
      expect([x, y]).toBeAllClose([0, 0], { atol: 0.1 });
    }
  });

  it("shifts within its range, both ways", () => {
    const shifts = Array.from({ length: 200 }, (_, i) =>
      centroidOf(drawAffine({ rotate: 0, scale: 0, shear: 0, shift: 2 }, SHAPE, randomStream(1, i))),
    ).flat();
    expect(Math.max(...shifts)).toBeLessThan(2.05);
    expect(Math.max(...shifts)).toBeGreaterThan(1.8);
    expect(Math.min(...shifts)).toBeGreaterThan(-2.05);
    expect(Math.min(...shifts)).toBeLessThan(-1.8);
  });

  it("is the identity when nothing may move", () => {
    const map = drawAffine({ rotate: 0, scale: 0, shear: 0, shift: 0 }, SHAPE, randomStream(1));
    expect(Object.values(map)).toBeAllClose(Object.values(IDENTITY), { atol: 1e-12 });
  });
});
