import { sizeOf } from "@glyphcast/onnx";
import type { Emitter } from "../../emitter.ts";
import { mapParts, partsOf, sumParts } from "../../parts.ts";
import { pickRows, readersOf, type Sliding } from "../../window.ts";
import { type Convolution, inverse } from "./convolution.ts";
import { columnAxes, patchesOf } from "./patches.ts";

/** Convolution in one group: large matrix products, in rows form. */
export class DenseConvolution implements Convolution {
  readonly form = "rows";
  readonly #g: Emitter;
  readonly #sliding: Sliding;
  readonly #patches = new Map<string, string>();

  constructor(g: Emitter, sliding: Sliding) {
    this.#g = g;
    this.#sliding = sliding;
  }

  // Y = patches(X)·W + b
  convolve(x: string, kernel: string, bias?: string): string {
    const g = this.#g;
    const [out = 1, channels = 1, ...extents] = g.shape(kernel);
    const columns = g.transpose(kernel, [0, ...columnAxes(channels, this.#sliding)]);
    const weights = g.transpose(g.reshape(columns, [out, channels * sizeOf(extents)]), [1, 0]);
    return mapParts(g, { count: this.#parts(channels), of: [x] }, (inner, part) => {
      const product = inner.matmul(this.#patchesOf(inner, part), weights);
      return bias === undefined ? product : inner.add(product, bias);
    });
  }

  // dW = patches(X)ᵀ·dY
  kernelGradient(x: string, d: string, shape: readonly number[]): string {
    const g = this.#g;
    const [out = 1, channels = 1] = shape;
    const order = [...columnAxes(channels, this.#sliding), 0];
    const extents = order.map((axis) => shape[axis]!);
    const parts = { count: this.#parts(channels), of: [x, d] };
    const dw = sumParts(g, parts, [sizeOf(shape) / out, out], (inner, sum, part = "", dPart = "") =>
      inner.op("Gemm", [this.#patchesOf(inner, part), dPart, ...(sum ? [sum] : [])], { transA: 1 }),
    );
    return g.transpose(g.reshape(dw, extents), inverse(order));
  }

  /**
   * In the cheaper of two ways. Where the output has not many more channels than the input and every input position is
   * read by every offset, gather patches of dY and multiply them by the kernel; otherwise multiply first, and gather and
   * add what each input position receives.
   */
  spread(d: string, kernel: string): string {
    const g = this.#g;
    const { batch, output } = this.#sliding;
    const [out = 1, channels = 1, ...extents] = g.shape(kernel);
    const spatial = extents.map((_, i) => i + 2);
    const readers = readersOf(this.#sliding);
    const offsets = sizeOf(extents);
    const most = Math.max(1, ...readers.map((reader) => reader.length));
    const rows = batch * readers.length;

    if (most === offsets && out <= 2 * channels && offsets > 1) {
      const picks = readers.flatMap((reader) =>
        Array.from({ length: offsets }, (_, offset) => reader.find((read) => read.offset === offset)?.output),
      );
      const weights = g.reshape(g.transpose(kernel, [...spatial, 0, 1]), [offsets * out, channels]);
      const count = partsOf(batch, rows * offsets * out, MANY);
      return mapParts(g, { count, of: [d] }, (inner, part) => {
        const patches = pickRows(inner, part, batch / count, picks);
        return inner.matmul(inner.reshape(patches, [rows / count, offsets * out]), weights);
      });
    }

    const kernelRows = g.reshape(g.transpose(kernel, [0, ...spatial, 1]), [out, offsets * channels]);
    const contributions = g.reshape(g.matmul(d, kernelRows), [batch * sizeOf(output) * offsets, channels]);
    const picks = readers.flatMap((reader) =>
      Array.from({ length: most }, (_, i) => reader[i] && reader[i].output * offsets + reader[i].offset),
    );
    const received = g.reshape(pickRows(g, contributions, batch, picks), [rows, most, channels]);
    return most === 1 ? g.reshape(received, [rows, channels]) : g.sum(received, [1]);
  }

  #parts(channels: number): number {
    const { batch, output, kernel } = this.#sliding;
    return partsOf(batch, batch * sizeOf(output) * sizeOf(kernel) * channels, MANY);
  }

  /** Patches that are not in parts are few, and kept for the way back. */
  #patchesOf(g: Emitter, rows: string): string {
    const positions = sizeOf(this.#sliding.input);
    const batch = g.shape(rows)[0]! / positions;
    if (batch < this.#sliding.batch) return patchesOf(g, rows, { ...this.#sliding, batch });
    const patches = this.#patches.get(rows) ?? patchesOf(g, rows, this.#sliding);
    this.#patches.set(rows, patches);
    return patches;
  }
}

/** Elements (8 MiB) of patches that a cache holds. */
const MANY = 2 ** 21;
