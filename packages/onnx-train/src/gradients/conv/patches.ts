import { sizeOf } from "@glyphcast/onnx";
import type { Emitter } from "../../emitter.ts";
import { pickRows, readsOf, type Sliding } from "../../window.ts";

/** Patches, and how a kernel [out, in, …extents] is laid out to be multiplied by them. */
export interface Patches {
  /** [batch·output positions, K]. */
  readonly matrix: string;
  /** Axes of the kernel in the order of the matrix's columns, the output channels last. */
  readonly perm: readonly number[];
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
    perm: [...spatial, 1, 0],
  };
}

/**
 * Patches of an image of few channels: a gather of whole image lines, then one of short vertical runs, so that no copy
 * is shorter than the kernel is high.
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
    return readsOf(line).flat();
  };
  const lines = pickRows(g, g.reshape(rows, [batch * height, width * channels]), batch, along(0));
  // [batch, outHeight, kernelHeight, width, channels] → [batch, outHeight, width, kernelHeight, channels]
  const stood = g.transpose(g.reshape(lines, [batch, outHeight, kernelHeight, width, channels]), [0, 1, 3, 2, 4]);
  const runs = g.reshape(stood, [batch * outHeight * width, kernelHeight * channels]);
  const picked = pickRows(g, runs, batch * outHeight, along(1));
  return {
    matrix: g.reshape(picked, [batch * outHeight * outWidth, kernelWidth * kernelHeight * channels]),
    perm: [3, 2, 1, 0],
  };
}
