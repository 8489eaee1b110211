/**
 * Cells laid along one side of a picture. Lengths are whole numbers of a unit in which both a pixel and a cell are
 * whole, so a cell may be any fraction of a pixel wide and every area is still exact.
 */
export interface Axis {
  /** Where the first cell begins, from the first pixel's edge; below 0 it begins outside the picture. */
  readonly start: number;
  readonly cells: number;
  readonly unitsPerCell: number;
  readonly unitsPerPixel: number;
}

/** A picture of one or three bytes a pixel, row by row. */
export interface Samples {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
}

/**
 * Area (box) resampling: each cell becomes the mean of what it covers, rounded half up, channel by channel. What lies
 * outside the picture counts as `background`.
 */
export function resample(picture: Samples, across: Axis, down: Axis, background: number): Samples {
  const { width, height, channels, data } = picture;
  const columns = overlaps(across, width);
  const rows = overlaps(down, height);
  const stride = across.cells * channels;
  const sums = new Float64Array(down.cells * stride);
  const line = new Float64Array(stride);
  let summed = -1;
  for (const { pixel: y, cell: row, length } of rows) {
    if (y !== summed) {
      summed = y;
      line.fill(0);
      for (const { pixel: x, cell, length } of columns) {
        const from = (y * width + x) * channels;
        for (let c = 0; c < channels; c++) line[cell * channels + c]! += data[from + c]! * length;
      }
    }
    for (let i = 0; i < stride; i++) sums[row * stride + i]! += line[i]! * length;
  }

  const area = across.unitsPerCell * down.unitsPerCell;
  const coveredAcross = coverage(columns, across.cells);
  const coveredDown = coverage(rows, down.cells);
  const result = new Uint8Array(sums.length);
  for (let row = 0, i = 0; row < down.cells; row++)
    for (let column = 0; column < across.cells; column++) {
      const rest = background * (area - coveredDown[row]! * coveredAcross[column]!);
      for (let c = 0; c < channels; c++, i++) result[i] = Math.floor((sums[i]! + rest) / area + 0.5);
    }
  return { width: across.cells, height: down.cells, channels, data: result };
}

interface Overlap {
  readonly pixel: number;
  readonly cell: number;
  readonly length: number;
}

/** How much of each pixel lies in each cell, where any does; pixel after pixel. */
function overlaps({ start, cells, unitsPerCell, unitsPerPixel }: Axis, pixels: number): Overlap[] {
  const found: Overlap[] = [];
  const reach = cells * unitsPerCell;
  const first = Math.max(0, Math.floor(start / unitsPerPixel));
  const last = Math.min(pixels, Math.ceil((start + reach) / unitsPerPixel));
  for (let pixel = first; pixel < last; pixel++) {
    const to = Math.min(reach, (pixel + 1) * unitsPerPixel - start);
    for (let at = Math.max(0, pixel * unitsPerPixel - start); at < to; ) {
      const cell = Math.floor(at / unitsPerCell);
      const end = Math.min(to, (cell + 1) * unitsPerCell);
      found.push({ pixel, cell, length: end - at });
      at = end;
    }
  }
  return found;
}

function coverage(found: readonly Overlap[], cells: number): Float64Array {
  const covered = new Float64Array(cells);
  for (const { cell, length } of found) covered[cell]! += length;
  return covered;
}
