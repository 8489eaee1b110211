import fc from "fast-check";
import type { GrayImage, RgbaImage } from "../src/image.ts";

/** Rows of digits 0..9 as levels 0..255 (9 is 255), "." for 0: small pictures one can read. */
export function gray(...rows: string[]): GrayImage {
  const levels = rows.join("").replaceAll(".", "0");
  return {
    width: rows[0]!.length,
    height: rows.length,
    data: Uint8Array.from(levels, (level) => Math.round((255 * Number(level)) / 9)),
  };
}

export const blank = (width: number, height: number, level = 0): GrayImage => ({
  width,
  height,
  data: new Uint8Array(width * height).fill(level),
});

/** `image` on a larger one. */
export function paste(image: GrayImage, on: GrayImage, left: number, top: number): GrayImage {
  const data = on.data.slice();
  for (let y = 0; y < image.height; y++)
    data.set(image.data.subarray(y * image.width, (y + 1) * image.width), (top + y) * on.width + left);
  return { ...on, data };
}

/** Each pixel becomes a block of `times` × `times`. */
export function enlarge({ width, height, data }: GrayImage, times: number): GrayImage {
  const large = blank(width * times, height * times);
  return {
    ...large,
    data: large.data.map(
      (_, i) => data[Math.floor(i / large.width / times) * width + Math.floor((i % large.width) / times)]!,
    ),
  };
}

export const inverted = (image: GrayImage): GrayImage => ({ ...image, data: image.data.map((level) => 255 - level) });

/** Grey as RGBA. */
export function rgba({ width, height, data }: GrayImage, alpha = 255): RgbaImage {
  const bytes = new Uint8ClampedArray(4 * data.length);
  for (const [i, level] of data.entries()) bytes.set([level, level, level, alpha], 4 * i);
  return { width, height, data: bytes };
}

/**
 * A connected stroke as ink, 0 = paper, that reaches all four edges of its picture: a walk of a pen one pixel wide,
 * each pixel at a strong level of its own.
 */
export const stroke: fc.Arbitrary<GrayImage> = fc
  .array(fc.record({ x: fc.integer({ min: -1, max: 1 }), y: fc.integer({ min: -1, max: 1 }), level: strong() }), {
    minLength: 8,
    maxLength: 60,
  })
  .map((moves) => {
    let x = 0;
    let y = 0;
    const dots = moves.map((move) => {
      x += move.x;
      y += move.y;
      return { x, y, level: move.level };
    });
    const left = Math.min(...dots.map((dot) => dot.x));
    const top = Math.min(...dots.map((dot) => dot.y));
    const width = Math.max(...dots.map((dot) => dot.x)) - left + 1;
    const height = Math.max(...dots.map((dot) => dot.y)) - top + 1;
    const data = new Uint8Array(width * height);
    for (const dot of dots) data[(dot.y - top) * width + dot.x - left] = dot.level;
    data[data.findIndex((level) => level > 0)] = 255;
    return { width, height, data };
  });

function strong() {
  return fc.integer({ min: 100, max: 255 });
}

/** Any opaque or see-through picture of up to `most` × `most` pixels. */
export const anyPicture = (most: number): fc.Arbitrary<RgbaImage> =>
  fc
    .tuple(fc.integer({ min: 1, max: most }), fc.integer({ min: 1, max: most }))
    .chain(([width, height]) =>
      fc
        .uint8Array({ minLength: 4 * width * height, maxLength: 4 * width * height })
        .map((data) => ({ width, height, data })),
    );
