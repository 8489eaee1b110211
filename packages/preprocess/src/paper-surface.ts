import { around, type Tiles } from "./tiles.ts";

/** The level that bare paper has, or would have below the ink, over the whole picture. */
export interface PaperSurface {
  readonly brightest: number;
  /** Writes the paper's level for each pixel of row `y`. */
  fillRow(row: Float64Array, y: number): void;
}

export function paperSurface(tiles: Tiles, width: number): PaperSurface {
  const { side, columns, rows } = tiles;
  const levels = smoothed(filled(tiles), columns, rows);
  const line = new Float64Array(columns + 1);
  const columnOf = new Uint16Array(width);
  const shareOf = new Float64Array(width);
  for (let x = 0; x < width; x++) {
    const { tile, share } = placeBetween(x, side, columns);
    columnOf[x] = tile;
    shareOf[x] = share;
  }
  return {
    brightest: levels.reduce((a, b) => Math.max(a, b)),
    fillRow(row, y) {
      const { tile: upper, share } = placeBetween(y, side, rows);
      const lower = Math.min(rows - 1, upper + 1);
      for (let column = 0; column < columns; column++) {
        const level = levels[upper * columns + column]!;
        line[column] = level + (levels[lower * columns + column]! - level) * share;
      }
      line[columns] = line[columns - 1]!;
      for (let x = 0; x < width; x++) {
        const column = columnOf[x]!;
        const level = line[column]!;
        row[x] = level + (line[column + 1]! - level) * shareOf[x]!;
      }
    },
  };
}

/** After which tile's centre a pixel's centre lies, and how far along to the next one's. */
function placeBetween(pixel: number, side: number, tiles: number): { tile: number; share: number } {
  const at = Math.max(0, Math.min(tiles - 1, (pixel + 0.5) / side - 0.5));
  const tile = Math.floor(at);
  return { tile, share: at - tile };
}

/** Gives tiles of ink the mean of the paper around them, from the ink's edge inwards. */
function filled({ columns, rows, levels, bare }: Tiles): Float64Array {
  const result = levels.slice();
  const known = bare.slice();
  let missing = [...known.keys()].filter((tile) => known[tile] === 0);
  while (missing.length > 0) {
    const reached = missing.filter((tile) => around(tile, columns, rows).some((next) => known[next] === 1));
    for (const tile of reached)
      result[tile] = mean(
        result,
        around(tile, columns, rows).filter((next) => known[next] === 1),
      );
    for (const tile of reached) known[tile] = 1;
    missing = missing.filter((tile) => known[tile] === 0);
  }
  return result;
}

function smoothed(levels: Float64Array, columns: number, rows: number): Float64Array {
  return levels.map((_, tile) => mean(levels, around(tile, columns, rows)));
}

function mean(levels: Float64Array, tiles: readonly number[]): number {
  let sum = 0;
  for (const tile of tiles) sum += levels[tile]!;
  return sum / tiles.length;
}
