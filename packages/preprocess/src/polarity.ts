import { EmptyDrawingError } from "./errors.ts";
import type { GrayImage } from "./image.ts";
import { type Contrast, contrastWithPaper } from "./paper.ts";

export interface PolarityOptions {
  /** Which side of the paper's level the ink is on; "auto" takes the side that stands out. */
  readonly ink: "auto" | "dark" | "light";
}

/** Levels of contrast below which an eye sees nothing on the paper. */
const LEAST_CONTRAST = 8;
/** Times the paper's noise, about ten of its standard deviations: what JPEG leaves of noise has a long tail. */
const LEAST_OVER_NOISE = 6;
/** On photographed paper, shares of the ink's strength at which grey starts and where it is full. */
const SOFT = { start: 0.3, full: 0.7 };

/**
 * Turns luma into ink: 0 = paper, 255 = the strongest ink.
 *
 * On plain paper the greys between keep their proportions, so a drawing that is one already stays what it is. Off a
 * camera or a scanner, ink is cut nearly black and white, as the scans were that MNIST was made from: that rids it of
 * noise, of creases and of the lines of ruled paper.
 *
 * @throws EmptyDrawingError when nothing stands out from the paper.
 */
export function polarity(image: GrayImage, { ink }: PolarityOptions): GrayImage {
  const contrast = contrastWithPaper(image);
  const counts = countDifferences(contrast);
  const sign = ink === "auto" ? sideOfInk(counts) : ink === "dark" ? -1 : 1;
  const towardsInk = (difference: number) => counts[ZERO + sign * difference]!;

  let peak = 255;
  while (peak > 0 && towardsInk(peak) === 0) peak--;
  const noise = noiseOfPaper(towardsInk);
  const needed = Math.max(LEAST_CONTRAST, Math.ceil(LEAST_OVER_NOISE * noise));
  if (peak < needed) throw new EmptyDrawingError(peak, needed);

  const { start, full } = contrast.plain ? { start: 0, full: peak } : softCut(strengthOfInk(towardsInk, peak));
  const inkOf = new Uint8Array(counts.length);
  for (let d = start + 1; d <= 255; d++)
    inkOf[ZERO + sign * d] = d >= full ? 255 : Math.floor((255 * (d - start)) / (full - start) + 0.5);

  const data = new Uint8Array(contrast.difference.length);
  for (let i = 0; i < data.length; i++) data[i] = inkOf[ZERO + contrast.difference[i]!]!;
  return { width: image.width, height: image.height, data };
}

/** Where a difference of 0 stands in a table over −255..255. */
const ZERO = 255;

function countDifferences({ difference }: Contrast): Uint32Array {
  const counts = new Uint32Array(2 * ZERO + 1);
  for (let i = 0; i < difference.length; i++) counts[ZERO + difference[i]!]!++;
  return counts;
}

/** Ink is far from the paper and on one side; shading and noise are near and on both. Cubes tell them apart. */
function sideOfInk(counts: Uint32Array): -1 | 1 {
  let skew = 0;
  for (let d = 1; d <= 255; d++) skew += (counts[ZERO + d]! - counts[ZERO - d]!) * d * d * d;
  return skew < 0 ? -1 : 1;
}

/** What 90 % of the paper stays within, from the side of the paper's level on which there is no ink. */
function noiseOfPaper(towardsInk: (difference: number) => number): number {
  let total = towardsInk(0) / 2;
  for (let d = 1; d <= 255; d++) total += towardsInk(-d);
  let noise = 0;
  for (let seen = towardsInk(0) / 2; seen < 0.9 * total; seen += towardsInk(-noise)) noise++;
  return noise;
}

function softCut(strength: number): { start: number; full: number } {
  return { start: Math.floor(strength * SOFT.start), full: Math.ceil(strength * SOFT.full) };
}

/** The difference that a quarter of the ink's pixels exceed: one black speck does not make a pencil pale. */
function strengthOfInk(towardsInk: (difference: number) => number, peak: number): number {
  const least = Math.floor(peak / 4) + 1;
  let total = 0;
  for (let d = least; d <= peak; d++) total += towardsInk(d);
  let d = peak;
  for (let seen = towardsInk(d); 4 * seen < total; seen += towardsInk(d)) d--;
  return d;
}
