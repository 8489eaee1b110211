import type { ImageShape } from "../datasets/labelled-images.ts";
import type { Random } from "../random.ts";
import { type DisplacementField, still } from "./elastic.ts";

/** How far a picture may be moved: each drawn uniformly between minus and plus its value. */
export interface AffineRanges {
  /** Degrees. */
  readonly rotate: number;
  /** A fraction: 0.12 is 88 % to 112 % of the size. */
  readonly scale: number;
  /** A slant along x, in pixels per pixel of height. */
  readonly shear: number;
  /** Pixels, along x and y apart. */
  readonly shift: number;
}

/** From a target pixel back to its source: (u, v) = (a·x + b·y + c, d·x + e·y + f). */
export interface AffineMap {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly e: number;
  readonly f: number;
}

/** Draws a movement about the picture's centre: scale and slant, then turn, then shift. Always takes five numbers. */
export function drawAffine(ranges: AffineRanges, [height, width]: ImageShape, random: Random): AffineMap {
  const within = (range: number): number => (2 * random() - 1) * range;
  const angle = (within(ranges.rotate) * Math.PI) / 180;
  const scale = 1 + within(ranges.scale);
  const shear = within(ranges.shear);
  const shiftX = within(ranges.shift);
  const shiftY = within(ranges.shift);

  // The inverse of M = R(angle) · [[1, shear], [0, 1]] · scale.
  const cos = Math.cos(angle) / scale;
  const sin = Math.sin(angle) / scale;
  const a = cos + shear * sin;
  const b = sin - shear * cos;
  const d = -sin;
  const e = cos;
  const centreX = (width - 1) / 2;
  const centreY = (height - 1) / 2;
  return {
    a,
    b,
    c: centreX - a * (centreX + shiftX) - b * (centreY + shiftY),
    d,
    e,
    f: centreY - d * (centreX + shiftX) - e * (centreY + shiftY),
  };
}

/** Bits after the point of a source coordinate; 11 before it are ample, and the products below stay under 2³¹. */
const POINT = 16;
const ONE = 1 << POINT;

/** What lies beyond a picture's edges: paper (0), or its outermost pixels again. */
export type Beyond = "paper" | "edge";

/** Moves the picture at `sourceOffset` by an affine map and, pixel by pixel, by a field besides. */
export type Warp = (
  source: Uint8Array,
  sourceOffset: number,
  target: Uint8Array,
  targetOffset: number,
  map: AffineMap,
  field?: DisplacementField,
) => void;

/**
 * A function that moves pictures of this size, bilinearly, channel by channel. It keeps a scratch picture with a rim of
 * paper, so that no neighbour needs a test of its own.
 */
export function affineWarp(imageShape: ImageShape, beyond: Beyond = "paper"): Warp {
  const [height, width, channels = 1] = imageShape;
  const stride = width + 2;
  const rimmed = new Uint8Array(stride * (height + 2));
  // In the rimmed picture the valid coordinates are [0, width + 1): one comparison of unsigned numbers tests both ends.
  const endU = (width + 1) * ONE;
  const endV = (height + 1) * ONE;

  const clamps = beyond === "edge";
  const rigid = still(imageShape);

  return (source, sourceOffset, target, targetOffset, map, field = rigid) => {
    const a = Math.round(map.a * ONE);
    const b = Math.round(map.b * ONE);
    const d = Math.round(map.d * ONE);
    const e = Math.round(map.e * ONE);
    for (let channel = 0; channel < channels; channel++) {
      for (let y = 0; y < height; y++) {
        const from = sourceOffset + y * width * channels + channel;
        const to = (y + 1) * stride + 1;
        for (let x = 0; x < width; x++) rimmed[to + x] = source[from + x * channels]!;
      }
      let rowU = Math.round((map.c + 1) * ONE);
      let rowV = Math.round((map.f + 1) * ONE);
      let to = targetOffset + channel;
      for (let y = 0; y < height; y++) {
        let nextU = rowU;
        let nextV = rowV;
        for (let x = 0; x < width; x++) {
          const movedU = (nextU + field.x[y * width + x]!) | 0;
          const movedV = (nextV + field.y[y * width + x]!) | 0;
          const u = clamps ? Math.max(ONE, Math.min(width * ONE, movedU)) : movedU;
          const v = clamps ? Math.max(ONE, Math.min(height * ONE, movedV)) : movedV;
          let ink = 0;
          if (u >>> 0 < endU && v >>> 0 < endV) {
            const at = (v >> POINT) * stride + (u >> POINT);
            const topLeft = rimmed[at]!;
            const topRight = rimmed[at + 1]!;
            const bottomLeft = rimmed[at + stride]!;
            const bottomRight = rimmed[at + stride + 1]!;
            if ((topLeft | topRight | bottomLeft | bottomRight) !== 0) {
              const right = (u >> 8) & 255;
              const below = (v >> 8) & 255;
              const top = (topLeft << 8) + (topRight - topLeft) * right;
              const bottom = (bottomLeft << 8) + (bottomRight - bottomLeft) * right;
              ink = ((top << 8) + (bottom - top) * below + 0x8000) >> 16;
            }
          }
          target[to] = ink;
          to += channels;
          nextU = (nextU + a) | 0;
          nextV = (nextV + d) | 0;
        }
        rowU = (rowU + b) | 0;
        rowV = (rowV + e) | 0;
      }
    }
  };
}
