import type { GrayImage } from "./image.ts";

/** A picture in squares, small enough that light hardly changes inside one, large enough to see past noise. */
export interface Tiles {
  /** In pixels; the last column and row may be narrower. */
  readonly side: number;
  readonly columns: number;
  readonly rows: number;
  /** The median level of each tile. */
  readonly levels: Float64Array;
  /** 1 where the tile shows bare paper, 0 where it shows ink. */
  readonly bare: Uint8Array;
}

/** Tiles along the picture's longer side: few enough that walking over them costs nothing. */
const MOST = 64;
/** Pixels: in a smaller tile a stroke's soft edge would look like shading. */
const LEAST_SIDE = 4;
/** Pixels looked at along each side of a tile: 25 to 81 of them give a median that noise barely moves. */
const LOOKS = 5;
/** Between two neighbouring tiles light changes by less than this share of the picture's whole range; ink by more. */
const STEP = 1 / 8;
/** Levels: so noise alone does not cut a plain sheet to pieces. */
const LEAST_STEP = 6;

export function tilesOf(image: GrayImage): Tiles {
  const side = Math.max(LEAST_SIDE, Math.ceil(Math.max(image.width, image.height) / MOST));
  const columns = Math.ceil(image.width / side);
  const rows = Math.ceil(image.height / side);
  const levels = medians(image, side, columns, rows);
  return { side, columns, rows, levels, bare: bareTiles(levels, columns, rows) };
}

/** The tile itself and those that touch it, at most nine. */
export function around(tile: number, columns: number, rows: number): number[] {
  const y = Math.floor(tile / columns);
  const x = tile - y * columns;
  const found: number[] = [];
  for (let ny = Math.max(0, y - 1); ny <= Math.min(rows - 1, y + 1); ny++)
    for (let nx = Math.max(0, x - 1); nx <= Math.min(columns - 1, x + 1); nx++) found.push(ny * columns + nx);
  return found;
}

export function onBorder(tile: number, columns: number, rows: number): boolean {
  const y = Math.floor(tile / columns);
  const x = tile - y * columns;
  return x === 0 || y === 0 || x === columns - 1 || y === rows - 1;
}

function medians({ width, height, data }: GrayImage, side: number, columns: number, rows: number): Float64Array {
  const levels = new Float64Array(columns * rows);
  const step = Math.max(1, Math.floor(side / LOOKS));
  const looks = Math.ceil(side / step);
  const seen = new Uint8Array(looks * looks);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      let n = 0;
      for (let y = row * side; y < Math.min(height, (row + 1) * side); y += step)
        for (let x = column * side; x < Math.min(width, (column + 1) * side); x += step)
          seen[n++] = data[y * width + x]!;
      levels[row * columns + column] = seen.subarray(0, n).sort()[n >> 1]!;
    }
  return levels;
}

/**
 * Cuts the tiles into regions inside which one can walk from tile to tile without a sudden change of level. Bare paper
 * is the region that holds most of the border, since a drawing seldom does.
 */
function bareTiles(levels: Float64Array, columns: number, rows: number): Uint8Array {
  let darkest = 255;
  let lightest = 0;
  for (const level of levels) {
    darkest = Math.min(darkest, level);
    lightest = Math.max(lightest, level);
  }
  const step = Math.max(LEAST_STEP, (lightest - darkest) * STEP);

  const regionOf = new Uint16Array(levels.length);
  const toVisit: number[] = [];
  let regions = 0;
  let paper = { region: 0, border: -1 };
  for (let start = 0; start < levels.length; start++) {
    if (regionOf[start] !== 0) continue;
    const region = ++regions;
    let border = 0;
    regionOf[start] = region;
    toVisit.push(start);
    for (let tile = toVisit.pop(); tile !== undefined; tile = toVisit.pop()) {
      if (onBorder(tile, columns, rows)) border++;
      for (const next of around(tile, columns, rows)) {
        if (regionOf[next] !== 0 || Math.abs(levels[next]! - levels[tile]!) > step) continue;
        regionOf[next] = region;
        toVisit.push(next);
      }
    }
    if (border > paper.border) paper = { region, border };
  }
  return Uint8Array.from(regionOf, (region) => (region === paper.region ? 1 : 0));
}
