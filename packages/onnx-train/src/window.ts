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
  const autoPad = site.attribute("auto_pad", "NOTSET");
  const window = windowOf(site, kernel, input);
  // onnxruntime refuses this of a convolution, and pads a pool as if it were not dilated.
  if (autoPad.startsWith("SAME") && window.dilations.some((dilation) => dilation > 1))
    site.fail(`auto_pad ${autoPad} with dilations [${window.dilations.join(", ")}]; write the padding out as pads.`);
  return { batch, input, output, ...window };
}

/** The window of a ConvTranspose: it slides over the output and has one place per input element. */
export function spreadingOf({ node, attribute, shape, outputShape }: Site): Sliding {
  const [batch = 1, , ...output] = shape(0);
  const [, , ...input] = outputShape(0);
  const kernel = shape(1).slice(2);
  const ones = kernel.map(() => 1);
  const [strides, dilations] = [attribute("strides", ones), attribute("dilations", ones)];
  const autoPad = attribute("auto_pad", "NOTSET");
  if (autoPad === "VALID" || (autoPad === "NOTSET" && !("output_shape" in node.attributes))) {
    const none = Array(2 * kernel.length).fill(0);
    const pads = autoPad === "VALID" ? none : attribute("pads", none);
    return { batch, input, output, kernel, strides, dilations, pads };
  }
  const extra = attribute("output_padding", Array(kernel.length).fill(0));
  const totals = kernel.map((extent, axis) => {
    const whole = (output[axis]! - 1) * strides[axis]! + (extent - 1) * dilations[axis]! + 1;
    return Math.max(0, whole + extra[axis]! - input[axis]!);
  });
  const small = totals.map((total) => Math.floor(total / 2));
  const large = totals.map((total) => Math.ceil(total / 2));
  const pads = autoPad === "SAME_UPPER" ? [...small, ...large] : [...large, ...small];
  return { batch, input, output, kernel, strides, dilations, pads };
}

const areaOf = (extents: readonly number[]): number => extents.reduce((area, extent) => area * extent, 1);

/** Every index vector of a box, last axis fastest. */
export function* positions(extents: readonly number[]): Generator<readonly number[]> {
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

/** For each output position, how many elements its window covers of the input with its padding. */
export function paddedReadsOf({ input, output, kernel, strides, dilations, pads }: Sliding): number[] {
  const counts = kernel.map((extent, axis) => {
    const padded = input[axis]! + pads[axis]! + pads[axis + kernel.length]!;
    return Array.from({ length: output[axis]! }, (_, at) =>
      Math.min(extent, Math.ceil((padded - at * strides[axis]!) / dilations[axis]!)),
    );
  });
  return Array.from(positions(output), (o) => o.reduce((count, at, axis) => count * counts[axis]![at]!, 1));
}

/** For each input position, the (output position, kernel offset) pairs that read it. */
export function readersOf(sliding: Sliding): { output: number; offset: number }[][] {
  const readers: { output: number; offset: number }[][] = Array.from({ length: areaOf(sliding.input) }, () => []);
  for (const [output, reads] of readsOf(sliding).entries())
    for (const [offset, position] of reads.entries())
      if (position !== undefined) readers[position]!.push({ output, offset });
  return readers;
}

/** Rows as images: [batch, positions, channels]. */
export function inImages(g: Emitter, rows: string, batch: number): string {
  const [total = 0, channels = 0] = g.shape(rows);
  return g.reshape(rows, [batch, total / batch, channels]);
}

type Pick = number | undefined;

/**
 * Picks rows of each image in several ways: `rows` is [batch·positions, channels], a pick names a position (undefined
 * a row of `fill`), and what a call returns is [batch·picks, channels]. One copy, or none where the picks are the rows
 * in order.
 *
 * @param all what will be picked, which tells whether there has to be a row of `fill`.
 */
export function picker(
  g: Emitter,
  rows: string,
  batch: number,
  all: readonly Pick[],
  fill = 0,
): (picks: readonly Pick[]) => string {
  const images = inImages(g, rows, batch);
  const [, positions = 0, channels = 0] = g.shape(images);
  const source = all.includes(undefined) ? g.op("Pad", [images, g.ints([0, 0, 0, 0, 1, 0]), g.floats(fill)]) : images;
  return (picks) => {
    if (picks.length === positions && picks.every((pick, i) => pick === i)) return rows;
    const indices = g.ints(picks.map((pick) => pick ?? positions));
    return g.reshape(g.gather(source, indices, 1), [batch * picks.length, channels]);
  };
}

/** Picks rows of each image once. */
export const pickRows = (g: Emitter, rows: string, batch: number, picks: readonly Pick[], fill = 0): string =>
  picker(g, rows, batch, picks, fill)(picks);
