import { type Window, windowOf } from "@glyphcast/onnx";
import type { Emitter } from "./emitter.ts";
import type { Site } from "./rule.ts";

/** A window sliding over a value in rows form, with every extent known. */
export interface Sliding extends Window {
  readonly batch: number;
  /** Spatial extents of what the window slides over. */
  readonly input: readonly number[];
  /** Spatial extents of what comes out: one element per place of the window. */
  readonly output: readonly number[];
}

export function slidingOf(site: Site, kernel: readonly number[]): Sliding {
  const [batch = 1, , ...input] = site.shape(0);
  const [, , ...output] = site.outputShape(0);
  return { batch, input, output, ...windowOf(site, kernel, input) };
}

const areaOf = (extents: readonly number[]): number => extents.reduce((area, extent) => area * extent, 1);

/** Every index vector of a box, last axis fastest. */
function* positions(extents: readonly number[]): Generator<readonly number[]> {
  const size = areaOf(extents);
  for (let i = 0; i < size; i++) {
    const at: number[] = [];
    for (let axis = extents.length - 1, rest = i; axis >= 0; axis--) {
      at[axis] = rest % extents[axis]!;
      rest = Math.floor(rest / extents[axis]!);
    }
    yield at;
  }
}

/** The flat index of a position; undefined outside the box. */
function flatIndex(at: readonly number[], extents: readonly number[]): number | undefined {
  let index = 0;
  for (const [axis, extent] of extents.entries()) {
    const i = at[axis]!;
    if (!(i >= 0 && i < extent)) return undefined;
    index = index * extent + i;
  }
  return index;
}

/** For each output position and kernel offset, the input position read; undefined in the padding. */
export function readsOf({ input, output, kernel, strides, dilations, pads }: Sliding): (number | undefined)[][] {
  const offsets = [...positions(kernel)];
  return Array.from(positions(output), (o) =>
    offsets.map((k) =>
      flatIndex(
        o.map((at, axis) => at * strides[axis]! - pads[axis]! + k[axis]! * dilations[axis]!),
        input,
      ),
    ),
  );
}

/** For each input position, the (output position, kernel offset) pairs that read it. */
export function readersOf(sliding: Sliding): { output: number; offset: number }[][] {
  const readers: { output: number; offset: number }[][] = Array.from({ length: areaOf(sliding.input) }, () => []);
  for (const [output, reads] of readsOf(sliding).entries())
    for (const [offset, position] of reads.entries())
      if (position !== undefined) readers[position]!.push({ output, offset });
  return readers;
}

/**
 * Picks rows of each image: `rows` is [batch·positions, channels], `picks` names positions (undefined for a row of
 * `fill`). Returns [batch·picks, channels]. One copy, or none where the picks are the rows in order.
 */
export function pickRows(
  g: Emitter,
  rows: string,
  batch: number,
  picks: readonly (number | undefined)[],
  fill = 0,
): string {
  const [total = 0, channels = 0] = g.shape(rows);
  const positions = total / batch;
  if (picks.length === positions && picks.every((pick, i) => pick === i)) return rows;
  const padded = picks.includes(undefined);
  const images = g.reshape(rows, [batch, positions, channels]);
  const source = padded ? g.op("Pad", [images, g.ints([0, 0, 0, 0, 1, 0]), g.floats(fill)]) : images;
  const indices = g.ints(picks.map((pick) => pick ?? positions));
  return g.reshape(g.gather(source, indices, 1), [batch * picks.length, channels]);
}
