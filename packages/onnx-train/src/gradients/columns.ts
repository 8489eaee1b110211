import type { Emitter } from "../emitter.ts";

/** Columns beside which a row of a broadcast operand is long enough that the loop over rows costs nothing. */
const WIDE = 512;

/**
 * A matrix with several rows laid side by side: [rows / fold, fold·columns], the same bytes. Per-column vectors repeat
 * `fold` times. Short rows are slow to broadcast over and to sum.
 */
export class Folded {
  readonly #g: Emitter;
  readonly fold: number;
  readonly rows: number;
  readonly columns: number;

  constructor(g: Emitter, rows: number, columns: number) {
    this.#g = g;
    this.rows = rows;
    this.columns = columns;
    let fold = Math.max(1, Math.min(rows, Math.floor(WIDE / columns)));
    while (rows % fold !== 0) fold--;
    this.fold = fold;
  }

  matrix(value: string): string {
    return this.#g.reshape(value, [this.rows / this.fold, this.fold * this.columns]);
  }

  unfold(value: string): string {
    return this.#g.reshape(value, [this.rows, this.columns]);
  }

  /** A vector [columns] repeated to the folded width. */
  vector(value: string): string {
    return this.fold === 1 ? value : this.#g.op("Tile", [value, this.#g.ints([this.fold])]);
  }

  /** The sum (or `weight` times it) of each column of a folded matrix, as a product with ones: [columns]. */
  sums(folded: string, weight = 1): string {
    const g = this.#g;
    const height = this.rows / this.fold;
    const partial = g.matmul(g.filled([1, height], weight), folded);
    if (this.fold === 1) return g.reshape(partial, [this.columns]);
    const whole = g.matmul(g.filled([1, this.fold], 1), g.reshape(partial, [this.fold, this.columns]));
    return g.reshape(whole, [this.columns]);
  }
}

/** The sum of each column of a matrix [rows, columns]. */
export function columnSums(g: Emitter, matrix: string): string {
  const [rows = 1, columns = 1] = g.shape(matrix);
  const folded = new Folded(g, rows, columns);
  return folded.sums(folded.matrix(matrix));
}
