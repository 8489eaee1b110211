import { sizeOf } from "@glyphcast/onnx";
import type { Emitter } from "../emitter.ts";
import type { Gradient, Rule, Site } from "../rule.ts";
import { pickRows, readersOf, readsOf, type Sliding, slidingOf } from "../window.ts";
import { columnSums } from "./columns.ts";

/** The input's patches as a matrix [batch·output positions, K], kept for the weight's gradient. */
interface Saved {
  readonly sliding: Sliding;
  readonly columns: Columns;
}

/** Patches, and how a kernel [out, in, …extents] is laid out to be multiplied by them. */
interface Columns {
  readonly matrix: string;
  /** Axes of the kernel in the order of the matrix's columns, the output channels last. */
  readonly perm: readonly number[];
}

const kernelShape = (site: Site) => site.shape(1);

/** The kernel as a matrix [K, out]. */
function matrixFromKernel(g: Emitter, kernel: string, perm: readonly number[]): string {
  const moved = g.transpose(kernel, perm);
  const out = g.shape(moved).at(-1)!;
  return g.reshape(moved, [sizeOf(g.shape(moved)) / out, out]);
}

function kernelFromMatrix(g: Emitter, matrix: string, perm: readonly number[], shape: readonly number[]): string {
  const moved = g.reshape(
    matrix,
    perm.map((axis) => shape[axis]!),
  );
  return g.transpose(
    moved,
    [...perm.keys()].map((axis) => perm.indexOf(axis)),
  );
}

/** Patches of a value of many channels: one gather of whole channel vectors. */
function columnsByPosition(site: Site, sliding: Sliding): Columns {
  const { g, x, shape } = site;
  const channels = shape(0)[1]!;
  const picked = pickRows(g, x(0, "rows"), sliding.batch, readsOf(sliding).flat());
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
function columnsByAxis(site: Site, sliding: Sliding): Columns {
  const { g, x, shape } = site;
  const channels = shape(0)[1]!;
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
  const lines = pickRows(g, g.reshape(x(0, "rows"), [batch * height, width * channels]), batch, along(0));
  // [batch, outHeight, kernelHeight, width, channels] → [batch, outHeight, width, kernelHeight, channels]
  const stood = g.transpose(g.reshape(lines, [batch, outHeight, kernelHeight, width, channels]), [0, 1, 3, 2, 4]);
  const runs = g.reshape(stood, [batch * outHeight * width, kernelHeight * channels]);
  const picked = pickRows(g, runs, batch * outHeight, along(1));
  return {
    matrix: g.reshape(picked, [batch * outHeight * outWidth, kernelWidth * kernelHeight * channels]),
    perm: [3, 2, 1, 0],
  };
}

const FEW_CHANNELS = 4;

// Y = patches(X)·W
export const Conv: Rule<Saved> = {
  forward(site) {
    const { g, node, x, put, shape } = site;
    const sliding = slidingOf(site, kernelShape(site).slice(2));
    const few = shape(0)[1]! < FEW_CHANNELS && sliding.kernel.length === 2 && sizeOf(sliding.kernel) > 1;
    const columns = few ? columnsByAxis(site, sliding) : columnsByPosition(site, sliding);
    const product = g.matmul(columns.matrix, matrixFromKernel(g, x(1), columns.perm));
    put(0, "rows", node.inputs[2] ? g.add(product, x(2)) : product);
    return { sliding, columns };
  },
  backward(site, { sliding, columns }) {
    const { g, node, dy } = site;
    const d = dy(0, "rows");
    // dW = patches(X)ᵀ·dY
    const dw = g.op("Gemm", [columns.matrix, d], { transA: 1 });
    const dx: Gradient = { form: "rows", value: inputGradient(site, sliding, d) };
    const db = node.inputs[2] ? columnSums(g, d) : undefined;
    return [dx, kernelFromMatrix(g, dw, columns.perm, kernelShape(site)), db];
  },
};

/**
 * dX, in the cheaper of two forms. Where the output has not many more channels than the input and every input position
 * is read by every offset, gather patches of dY and multiply them by the kernel; otherwise multiply first, and gather
 * and add what each input position receives.
 */
function inputGradient(site: Site, sliding: Sliding, d: string): string {
  const { g, x } = site;
  const [out = 1, channels = 1, ...kernel] = kernelShape(site);
  const spatial = kernel.map((_, i) => i + 2);
  const readers = readersOf(sliding);
  const offsets = sizeOf(kernel);
  const most = Math.max(...readers.map((reader) => reader.length));
  const rows = sliding.batch * readers.length;

  if (most === offsets && out <= 2 * channels && offsets > 1) {
    const picks = readers.flatMap((reader) =>
      Array.from({ length: offsets }, (_, offset) => reader.find((read) => read.offset === offset)?.output),
    );
    const patches = g.reshape(pickRows(g, d, sliding.batch, picks), [rows, offsets * out]);
    return g.matmul(patches, g.reshape(g.transpose(x(1), [...spatial, 0, 1]), [offsets * out, channels]));
  }

  const kernelRows = g.reshape(g.transpose(x(1), [0, ...spatial, 1]), [out, offsets * channels]);
  const contributions = g.reshape(g.matmul(d, kernelRows), [
    sliding.batch * sizeOf(sliding.output) * offsets,
    channels,
  ]);
  const picks = readers.flatMap((reader) =>
    Array.from({ length: most }, (_, i) => reader[i] && reader[i].output * offsets + reader[i].offset),
  );
  const received = g.reshape(pickRows(g, contributions, sliding.batch, picks), [rows, most, channels]);
  return most === 1 ? g.reshape(received, [rows, channels]) : g.sum(received, [1]);
}
