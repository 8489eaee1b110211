import { areaResample, type Cells } from "./area-resample.ts";
import { EmptyDrawingError } from "./errors.ts";
import type { GrayImage } from "./image.ts";
import { type Box, inkBox } from "./ink-box.ts";

export interface Placement {
  /** Side of the picture that is returned. */
  readonly size: number;
  /** What the drawing's longer side becomes. */
  readonly box: number;
  /** Ink up to this level is carried along, but does not count for the drawing's box. */
  readonly inkThreshold: number;
}

/**
 * Places an ink drawing the way MNIST was made: longer side `box` pixels by area resampling, peak 255, centre of mass
 * on pixel (size / 2, size / 2). What falls outside is cut off.
 *
 * A drawing that is so placed already comes back as it is.
 *
 * @param image 0 = paper, 255 = ink.
 * @throws EmptyDrawingError when no pixel exceeds `inkThreshold`.
 * @see LeCun et al. 1998, "Gradient-based learning applied to document recognition", §III-A
 */
export function placeDigit(image: GrayImage, { size, box, inkThreshold }: Placement): GrayImage {
  const drawing = inkBox(image, inkThreshold);
  if (drawing === undefined)
    throw new EmptyDrawingError(
      image.data.reduce((a, b) => Math.max(a, b), 0),
      inkThreshold + 1,
    );
  const cells = cellsOver(drawing, box);
  const sums = areaResample(image, cells);
  const peak = sums.reduce((a, b) => Math.max(a, b));
  const right = shiftToCentre(sums, cells.count, 1, size);
  const down = shiftToCentre(sums, cells.count, cells.count, size);

  const data = new Uint8Array(size * size);
  for (let row = Math.max(0, -down); row < Math.min(cells.count, size - down); row++)
    for (let column = Math.max(0, -right); column < Math.min(cells.count, size - right); column++)
      data[(row + down) * size + column + right] = Math.floor((255 * sums[row * cells.count + column]!) / peak + 0.5);
  return { width: size, height: size, data };
}

/**
 * A square of box × box cells around the drawing, and one cell more on each side for the faint edge below the
 * threshold. Along the shorter side the drawing is centred to a whole cell, so that its own pixels, where they are
 * cells already (a small picture, enlarged or not), stay whole.
 */
function cellsOver({ left, top, right, bottom }: Box, box: number): Cells {
  const unitsPerPixel = box;
  const unitsPerCell = Math.max(right - left, bottom - top);
  const start = (from: number, to: number) =>
    from * unitsPerPixel -
    unitsPerCell * (1 + Math.floor((box - ((to - from) * unitsPerPixel) / unitsPerCell) / 2 + 0.5));
  return { left: start(left, right), top: start(top, bottom), count: box + 2, unitsPerCell, unitsPerPixel };
}

/**
 * By how many whole pixels the centre of mass must move to come to [size / 2 − ½, size / 2 + ½), in indices. From one
 * cell to the next along the axis are `stride` places in `sums`.
 */
function shiftToCentre(sums: Float64Array, count: number, stride: number, size: number): number {
  let mass = 0;
  let moment = 0;
  for (let i = 0; i < sums.length; i++) {
    mass += sums[i]!;
    moment += sums[i]! * (Math.floor(i / stride) % count);
  }
  return Math.ceil(Math.floor(size / 2) - 0.5 - moment / mass);
}
