import type { GrayImage, RgbaImage } from "./image.ts";

export interface LuminanceOptions {
  /** What shows where the picture is transparent: red, green, blue. */
  readonly paper: readonly [number, number, number];
}

/** Rec. 601 luma in 1/256: the weights sum to 256, so grey stays the same grey. */
const RED = 77;
const GREEN = 150;
const BLUE = 29;

/**
 * Lays the picture on paper of one colour and keeps its luma: 0 = black, 255 = white.
 *
 * Luma and blending are both linear, so they share one division and one rounding.
 */
export function luminance(image: RgbaImage, { paper }: LuminanceOptions): GrayImage {
  const { width, height, data } = image;
  const paperLuma = RED * paper[0] + GREEN * paper[1] + BLUE * paper[2];
  const luma = new Uint8Array(width * height);
  for (let i = 0, p = 0; i < luma.length; i++, p += 4) {
    const alpha = data[p + 3]!;
    const ownLuma = RED * data[p]! + GREEN * data[p + 1]! + BLUE * data[p + 2]!;
    luma[i] =
      alpha === 255
        ? (ownLuma + 128) >> 8
        : ((ownLuma * alpha + paperLuma * (255 - alpha) + 128 * 255) / (256 * 255)) | 0;
  }
  return { width, height, data: luma };
}
