import type { Emitter } from "./emitter.ts";

/** Matrices, each of which is cut into `count` runs of rows. */
interface Parts {
  readonly count: number;
  readonly of: readonly string[];
}

/** Into how many equal parts a batch is cut so that none has more elements than `most`. */
export function partsOf(batch: number, elements: number, most: number): number {
  let parts = 1;
  while (parts < batch && (batch % parts !== 0 || elements / parts > most)) parts++;
  return parts;
}

/**
 * What `body` makes of each part, one below the other. A Scan does one part after the other without copying them, so
 * that what is in between is still in the cache when it is used, and its memory serves the next.
 */
export function mapParts(
  g: Emitter,
  { count, of }: Parts,
  body: (inner: Emitter, ...parts: readonly string[]) => string,
): string {
  if (count === 1) return body(g, ...of);
  const inner = g.inner(g.unique("part"));
  const result = body(inner, ...partInputs(g, inner, { count, of }));
  const [rows = 0, columns = 0] = inner.shape(result);
  return g.reshape(scan(g, inner, [], { count, of }, result), [count * rows, columns]);
}

/** The sum of what `body` makes of each part, a matrix of this shape; `body` adds its own to the sum before, if any. */
export function sumParts(
  g: Emitter,
  { count, of }: Parts,
  shape: readonly number[],
  body: (inner: Emitter, sum: string | undefined, ...parts: readonly string[]) => string,
): string {
  if (count === 1) return body(g, undefined, ...of);
  const inner = g.inner(g.unique("part"));
  const before = inner.input(inner.unique("sum"), "float32", shape);
  const result = body(inner, before, ...partInputs(g, inner, { count, of }));
  return scan(g, inner, [g.filled(shape, 0)], { count, of }, result);
}

function partInputs(g: Emitter, inner: Emitter, { count, of }: Parts): readonly string[] {
  return of.map((value) => {
    const [rows = 0, columns = 0] = g.shape(value);
    return inner.input(inner.unique(value), "float32", [rows / count, columns]);
  });
}

function scan(g: Emitter, inner: Emitter, states: readonly string[], { count, of }: Parts, result: string): string {
  inner.output(result);
  const stacked = of.map((value) => {
    const [rows = 0, columns = 0] = g.shape(value);
    return g.reshape(value, [count, rows / count, columns]);
  });
  const attributes = { body: inner.build(), num_scan_inputs: of.length };
  return g.op("Scan", [...states, ...stacked], attributes);
}
