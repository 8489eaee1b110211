import { sizeOf } from "@glyphcast/onnx";
import type { Emitter } from "../../emitter.ts";
import { positions, type Sliding } from "../../window.ts";

/**
 * dW where each group has one input channel (depthwise), of which patches would be slow to copy: for each offset of the
 * kernel but along the last axis, the product of all lines of dY with all lines of X, [out width, in width] for each
 * channel; dW is the sums along its diagonals.
 */
export function linesGradient(g: Emitter, x: string, d: string, sliding: Sliding, shape: readonly number[]): string {
  const { batch, output, kernel, strides, dilations, pads } = sliding;
  const channels = g.shape(x)[1]!;
  const times = shape[0]! / channels;
  const rank = kernel.length;
  const last = rank - 1;
  const lines = batch * sizeOf(output.slice(0, last));
  const [outWidth = 1, kernelWidth = 1] = [output[last], kernel[last]];

  const padded = g.op("Pad", [x, g.ints([0, 0, ...pads.slice(0, rank), 0, 0, ...pads.slice(rank)])]);
  const spatial = kernel.map((_, axis) => axis + 2);
  const source = g.transpose(padded, [1, 0, ...spatial]);
  const width = g.shape(source).at(-1)!;
  // [batch, channels, times, …, out width] → [channels, times, out width, lines]
  const apart = g.reshape(d, [batch, channels, times, lines / batch, outWidth]);
  const dy = g.reshape(g.transpose(apart, [1, 2, 4, 0, 3]), [channels, times * outWidth, lines]);

  const outer = spatial.slice(0, last);
  const diagonal = g.ints(
    [...positions([outWidth, kernelWidth])].map(
      ([at = 0, k = 0]) => at * width + at * strides[last]! + k * dilations[last]!,
    ),
  );
  const perOffset = Array.from(positions(kernel.slice(0, last)), (offset) => {
    const begins = offset.map((k, axis) => k * dilations[axis]!);
    const ends = begins.map((begin, axis) => begin + (output[axis]! - 1) * strides[axis]! + 1);
    const steps = g.ints(strides.slice(0, last));
    const seen = last === 0 ? source : g.op("Slice", [source, g.ints(begins), g.ints(ends), g.ints(outer), steps]);
    const products = g.matmul(dy, g.reshape(seen, [channels, lines, width]));
    const sums = g.gather(g.reshape(products, [channels, times, outWidth * width]), diagonal, 2);
    return g.sum(g.reshape(sums, [channels, times, outWidth, kernelWidth]), [2]);
  });
  return g.reshape(g.op("Concat", perOffset, { axis: 2 }), shape);
}
