import { sizeOf } from "@glyphcast/onnx";
import type { Emitter } from "../../emitter.ts";
import { picker, pickRows, readsOf, type Sliding } from "../../window.ts";

const FEW_CHANNELS = 4;

const byAxis = (channels: number, { kernel }: Sliding): boolean =>
  channels < FEW_CHANNELS && kernel.length === 2 && sizeOf(kernel) > 1;

/** The axes of a kernel [out, in, …extents] but the first, in the order of the patches' columns. */
export function columnAxes(channels: number, sliding: Sliding): readonly number[] {
  return byAxis(channels, sliding) ? [3, 2, 1] : [...sliding.kernel.map((_, i) => i + 2), 1];
}

/** What the window sees at each of its places, from a value in rows form: [batch·output positions, K]. */
export function patchesOf(g: Emitter, rows: string, sliding: Sliding): string {
  const make = byAxis(g.shape(rows)[1]!, sliding) ? patchesByAxis : patchesByPosition;
  return make(g, rows, sliding);
}

/** Patches of a value of many channels: one gather of whole channel vectors. */
function patchesByPosition(g: Emitter, rows: string, sliding: Sliding): string {
  const channels = g.shape(rows)[1]!;
  const picked = pickRows(g, rows, sliding.batch, readsOf(sliding).flat());
  return g.reshape(picked, [sliding.batch * sizeOf(sliding.output), sizeOf(sliding.kernel) * channels]);
}

/**
 * Patches of an image of few channels: gathers of whole image lines, then one of short vertical runs, so that no copy is
 * shorter than the kernel is high.
 */
function patchesByAxis(g: Emitter, rows: string, sliding: Sliding): string {
  const channels = g.shape(rows)[1]!;
  const { batch, input, output, kernel } = sliding;
  const [height = 1, width = 1] = input;
  const [outHeight = 1, outWidth = 1] = output;
  const [kernelHeight = 1, kernelWidth = 1] = kernel;
  const along = (axis: number) => {
    const one = <T>(values: readonly T[]) => [values[axis]!];
    const { strides, dilations, pads } = sliding;
    const line: Sliding = {
      batch,
      input: one(input),
      output: one(output),
      kernel: one(kernel),
      strides: one(strides),
      dilations: one(dilations),
      pads: [pads[axis]!, pads[axis + 2]!],
    };
    return readsOf(line);
  };
  // For each row of the kernel the lines that it sees; then, side by side, what stands one above the other.
  const down = along(0);
  const pick = picker(g, g.reshape(rows, [batch * height, width * channels]), batch, down.flat());
  const lines = Array.from({ length: kernelHeight }, (_, row) => pick(down.map((reads) => reads[row])));
  const points = lines.map((line) => g.reshape(line, [batch * outHeight * width, channels]));
  const runs = g.op("Concat", points, { axis: 1 });
  const picked = pickRows(g, runs, batch * outHeight, along(1).flat());
  return g.reshape(picked, [batch * outHeight * outWidth, kernelWidth * kernelHeight * channels]);
}
