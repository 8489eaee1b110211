import type { GrayImage } from "./image.ts";
import { type PaperSurface, paperSurface } from "./paper-surface.ts";
import { onBorder, type Tiles, tilesOf } from "./tiles.ts";

/** How far each pixel is from the bare paper below it: under 0 = darker, over 0 = lighter, within ±255. */
export interface Contrast {
  readonly difference: Int16Array;
  /** True for paper of one exact level, as a program paints it; false for what a camera or a scanner saw. */
  readonly plain: boolean;
}

/** The share of the border's paper that a plain paper's level has to have; the rest may be ink's soft edges. */
const PLAIN = 0.9;
/** Levels: the light that a picture has even where it is black, so that noise there is not taken for ink. */
const STRAY = 16;
/** Pixels along the longer side: in a smaller picture a stroke's soft edge cannot be told from shading. */
const LEAST_TO_JUDGE = 128;

/**
 * Finds the paper below the ink and takes it away.
 *
 * Plain paper leaves a drawing's greys exactly as they are. Photographed paper has its level taken from the tiles
 * around each pixel, and ink on it counts by the share of light it swallows, since a shadow dims paper and ink alike.
 */
export function contrastWithPaper(image: GrayImage): Contrast {
  const level = borderLevel(image);
  if (level !== undefined && Math.max(image.width, image.height) < LEAST_TO_JUDGE) return overPlain(image, level);
  const tiles = tilesOf(image);
  if (level !== undefined && isPlain(tiles, level)) return overPlain(image, level);
  return overUneven(image, paperSurface(tiles, image.width));
}

function overPlain({ data }: GrayImage, level: number): Contrast {
  const difference = new Int16Array(data.length);
  for (let i = 0; i < data.length; i++) difference[i] = data[i]! - level;
  return { difference, plain: true };
}

function overUneven({ width, height, data }: GrayImage, paper: PaperSurface): Contrast {
  const difference = new Int16Array(data.length);
  const row = new Float64Array(width);
  for (let y = 0, i = 0; y < height; y++) {
    paper.fillRow(row, y);
    for (let x = 0; x < width; x++, i++) {
      const level = row[x]!;
      const gain = (paper.brightest + STRAY) / (level + STRAY);
      difference[i] = Math.min(255, Math.floor((data[i]! - level) * gain + 0.5));
    }
  }
  return { difference, plain: false };
}

/** The one level that at least half of the border's pixels have, if there is one. */
function borderLevel({ width, height, data }: GrayImage): number | undefined {
  const count = new Uint32Array(256);
  for (let x = 0; x < width; x++) {
    count[data[x]!]!++;
    count[data[(height - 1) * width + x]!]!++;
  }
  for (let y = 0; y < height; y++) {
    count[data[y * width]!]!++;
    count[data[y * width + width - 1]!]!++;
  }
  const level = count.findIndex((n) => n >= width + height);
  return level === -1 ? undefined : level;
}

/** Shading shows where the paper reaches the border at other levels too. */
function isPlain({ columns, rows, levels, bare }: Tiles, level: number): boolean {
  let paper = 0;
  let same = 0;
  for (let tile = 0; tile < levels.length; tile++) {
    if (bare[tile] === 0 || !onBorder(tile, columns, rows)) continue;
    paper++;
    if (levels[tile] === level) same++;
  }
  return same >= PLAIN * paper;
}
