import type { GrayImage } from "./image.ts";

/**
 * Square cells laid over a picture. Lengths are whole numbers of a unit in which both a pixel and a cell are whole,
 * so a cell may be any fraction of a pixel wide and every area is still exact.
 */
export interface Cells {
  readonly left: number;
  readonly top: number;
  /** Cells along each side. */
  readonly count: number;
  readonly unitsPerCell: number;
  readonly unitsPerPixel: number;
}

/**
 * Area (box) resampling without rounding: each cell's sum of level × area in common, in square units. What lies
 * outside the picture is 0.
 *
 * Resampling a picture that was doubled first, as MNIST's makers did with crops under 20 pixels, gives the same sums.
 */
export function areaResample({ width, height, data }: GrayImage, cells: Cells): Float64Array {
  const { left, top, count, unitsPerCell, unitsPerPixel } = cells;
  const sums = new Float64Array(count * count);
  const line = new Float64Array(count);
  const reach = count * unitsPerCell;
  const columns = pixelsUnder(left, reach, unitsPerPixel, width);
  const rows = pixelsUnder(top, reach, unitsPerPixel, height);

  for (let y = rows.from; y < rows.to; y++) {
    line.fill(0);
    for (let x = columns.from, i = y * width + x; x < columns.to; x++, i++) {
      const level = data[i]!;
      if (level === 0) continue;
      const from = Math.max(0, x * unitsPerPixel - left);
      const to = Math.min(reach, (x + 1) * unitsPerPixel - left);
      for (let cell = Math.floor(from / unitsPerCell), a = from; a < to; cell++) {
        const b = Math.min(to, (cell + 1) * unitsPerCell);
        line[cell]! += level * (b - a);
        a = b;
      }
    }
    const from = Math.max(0, y * unitsPerPixel - top);
    const to = Math.min(reach, (y + 1) * unitsPerPixel - top);
    for (let cell = Math.floor(from / unitsPerCell), a = from; a < to; cell++) {
      const b = Math.min(to, (cell + 1) * unitsPerCell);
      for (let x = 0; x < count; x++) sums[cell * count + x]! += line[x]! * (b - a);
      a = b;
    }
  }
  return sums;
}

/** The pixels that `reach` units from `start` touch, of those the picture has. */
function pixelsUnder(
  start: number,
  reach: number,
  unitsPerPixel: number,
  pixels: number,
): { from: number; to: number } {
  return {
    from: Math.max(0, Math.floor(start / unitsPerPixel)),
    to: Math.min(pixels, Math.ceil((start + reach) / unitsPerPixel)),
  };
}
