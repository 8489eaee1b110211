import { sizeOf } from "@glyphcast/onnx";
import type { Emitter } from "./emitter.ts";

/**
 * How a value lies in memory: `plain` as ONNX says (N, C, spatial…), or `rows`: a matrix with one row per position,
 * `[N·spatial, C]`. In rows a convolution is one large matrix product and a per-channel sum is another, which is what a
 * CPU does fastest.
 */
export type Form = "plain" | "rows";

/** Values (or gradients), each at hand in one form or both; the other form is made when it is first asked for. */
export class Forms {
  readonly #g: Emitter;
  readonly #at = new Map<string, { readonly shape: readonly number[]; plain?: string; rows?: string }>();

  constructor(g: Emitter) {
    this.#g = g;
  }

  /** Records that `emitted` holds the value, whose shape as ONNX says is `shape`. */
  put(value: string, shape: readonly number[], form: Form, emitted: string): void {
    this.#at.set(value, { shape, [form]: emitted });
  }

  has(value: string): boolean {
    return this.#at.has(value);
  }

  /** The form in which no conversion is needed; rows if both are at hand. */
  form(value: string): Form {
    return this.#entry(value).rows === undefined ? "plain" : "rows";
  }

  shape(value: string): readonly number[] {
    return this.#entry(value).shape;
  }

  get(value: string, form: Form): string {
    const entry = this.#entry(value);
    entry[form] ??=
      form === "rows"
        ? rowsFromPlain(this.#g, entry.plain!, entry.shape)
        : plainFromRows(this.#g, entry.rows!, entry.shape);
    return entry[form];
  }

  #entry(value: string) {
    const entry = this.#at.get(value);
    if (!entry) throw new Error(`bug: "${value}" has not been emitted`);
    return entry;
  }
}

/** Rows and columns of a value in rows form. */
export function rowsShape(shape: readonly number[]): [rows: number, columns: number] {
  const [batch = 1, channels = 1, ...spatial] = shape;
  return [batch * sizeOf(spatial), channels];
}

export function rowsFromPlain(g: Emitter, plain: string, shape: readonly number[]): string {
  const spatial = shape.slice(2);
  // With one channel, or one position, the two forms hold the same bytes.
  const moved =
    shape[1] === 1 || sizeOf(spatial) === 1 ? plain : g.transpose(plain, [0, ...spatial.map((_, i) => i + 2), 1]);
  return g.reshape(moved, rowsShape(shape));
}

export function plainFromRows(g: Emitter, rows: string, shape: readonly number[]): string {
  const [batch = 1, channels = 1, ...spatial] = shape;
  if (channels === 1 || sizeOf(spatial) === 1) return g.reshape(rows, shape);
  const last = shape.length - 1;
  const moved = g.reshape(rows, [batch, ...spatial, channels]);
  return g.transpose(moved, [0, last, ...spatial.map((_, i) => i + 1)]);
}
