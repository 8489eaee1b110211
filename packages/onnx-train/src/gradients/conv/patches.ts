import { sizeOf } from "@glyphcast/onnx";
import type { Emitter } from "../../emitter.ts";
import { picker, pickRows, readsOf, type Sliding } from "../../window.ts";

/** Patches, and how a kernel [out, in, …extents] is laid out to be multiplied by them. */
export interface Patches {
  /** [batch·output positions, K]. */
  readonly matrix: string;
  /** The kernel's axes but the output channels, in the order of the matrix's columns. */
  readonly axes: readonly number[];
}

const FEW_CHANNELS = 4;

/** What the window sees at each of its places, from a value in rows form. */
export function patchesOf(g: Emitter, rows: string, sliding: Sliding): Patches {
  const channels = g.shape(rows)[1]!;
  const few = channels < FEW_CHANNELS && sliding.kernel.length === 2 && sizeOf(sliding.kernel) > 1;
  return few ? patchesByAxis(g, rows, sliding) : patchesByPosition(g, rows, sliding);
}

/** Patches of a value of many channels: one gather of whole channel vectors. */
function patchesByPosition(g: Emitter, rows: string, sliding: Sliding): Patches {
  const channels = g.shape(rows)[1]!;
  const picked = pickRows(g, rows, sliding.batch, readsOf(sliding).flat());
  const spatial = sliding.kernel.map((_, i) => i + 2);
  return {
    matrix: g.reshape(picked, [sliding.batch * sizeOf(sliding.output), sizeOf(sliding.kernel) * channels]),
    axes: [...spatial, 1],
  };
}

/**
 * Patches of an image of few channels: gathers of whole image lines, then one of short vertical runs, so that no copy is
 * shorter than the kernel is high.
 */
function patchesByAxis(g: Emitter, rows: string, sliding: Sliding): Patches {
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
  return {
    matrix: g.reshape(picked, [batch * outHeight * outWidth, kernelWidth * kernelHeight * channels]),
    axes: [3, 2, 1],
  };
}
