import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contain, cover, resize } from "./fit.ts";
import type { PixelImage } from "./image.ts";

const gray = (width: number, ...data: number[]): PixelImage => ({
  width,
  height: data.length / width,
  channels: 1,
  data: Uint8Array.from(data),
});

const anyImage: fc.Arbitrary<PixelImage> = fc
  .tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }), fc.constantFrom<1 | 3>(1, 3))
  .chain(([width, height, channels]) =>
    fc
      .uint8Array({ minLength: width * height * channels, maxLength: width * height * channels })
      .map((data) => ({ width, height, channels, data })),
  );
const anySide = fc.integer({ min: 1, max: 24 });

describe("resize", () => {
  it("takes the mean of what each cell covers, in whole and in parts of pixels", () => {
    expect([...resize(gray(4, 0, 100, 200, 40, 20, 80, 60, 100), { width: 2, height: 1 }).data]).toEqual([50, 100]);
    // Cells of 1½ pixels: (0 + 90 / 2) / 1½ and (90 / 2 + 30) / 1½.
    expect([...resize(gray(3, 0, 90, 30), { width: 2, height: 1 }).data]).toEqual([30, 50]);
  });

  it("leaves a picture of that size alone, and enlarges in blocks", () => {
    const image = gray(2, 1, 2, 3, 4);
    expect(resize(image, { width: 2, height: 2 })).toEqual(image);
    expect([...resize(image, { width: 4, height: 2 }).data]).toEqual([1, 1, 2, 2, 3, 3, 4, 4]);
  });

  it("keeps colours apart", () => {
    const image: PixelImage = { width: 2, height: 1, channels: 3, data: Uint8Array.of(0, 10, 200, 100, 30, 0) };
    expect(resize(image, { width: 1, height: 1 })).toEqual({
      width: 1,
      height: 1,
      channels: 3,
      data: Uint8Array.of(50, 20, 100),
    });
  });
});

describe("contain", () => {
  it("shows all of the picture, on a background above and below, or left and right", () => {
    const size = { width: 3, height: 3, background: 9 };
    expect([...contain(gray(3, 50, 60, 70), size).data]).toEqual([9, 9, 9, 50, 60, 70, 9, 9, 9]);
    expect([...contain(gray(1, 50, 60, 70), size).data]).toEqual([9, 50, 9, 9, 60, 9, 9, 70, 9]);
  });

  it("mixes the background into cells that the picture half covers", () => {
    expect([...contain(gray(2, 100, 100), { width: 2, height: 2, background: 0 }).data]).toEqual([50, 50, 50, 50]);
  });
});

describe("cover", () => {
  it("fills the size with the picture's middle", () => {
    expect([...cover(gray(4, 1, 2, 3, 4), { width: 2, height: 1 }).data]).toEqual([2, 3]);
    expect([...cover(gray(5, 10, 20, 30, 40, 50), { width: 1, height: 1 }).data]).toEqual([30]);
    expect([...cover(gray(1, 1, 2, 3, 4), { width: 1, height: 2 }).data]).toEqual([2, 3]);
  });
});

describe("each of them", () => {
  it("gives the size that is asked for, within the levels there were", () => {
    fc.assert(
      fc.property(anyImage, anySide, anySide, (image, width, height) => {
        const least = image.data.reduce((a, b) => Math.min(a, b));
        const most = image.data.reduce((a, b) => Math.max(a, b));
        const size = { width, height };
        for (const fitted of [
          resize(image, size),
          cover(image, size),
          contain(image, { ...size, background: least }),
        ]) {
          expect(fitted).toMatchObject({ ...size, channels: image.channels });
          expect(fitted.data).toHaveLength(width * height * image.channels);
          expect(Math.min(...fitted.data)).toBeGreaterThanOrEqual(least);
          expect(Math.max(...fitted.data)).toBeLessThanOrEqual(most);
        }
      }),
    );
  });
});
