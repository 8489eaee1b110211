import { sizeOf } from "@glyphcast/onnx";
import type { Emitter } from "../../emitter.ts";
import { pickRows, readersOf, type Sliding } from "../../window.ts";
import { type Convolution, inverse } from "./convolution.ts";
import { type Patches, patchesOf } from "./patches.ts";

/** Convolution in one group: large matrix products, in rows form. */
export class DenseConvolution implements Convolution {
  readonly form = "rows";
  readonly #g: Emitter;
  readonly #sliding: Sliding;
  readonly #patches = new Map<string, Patches>();

  constructor(g: Emitter, sliding: Sliding) {
    this.#g = g;
    this.#sliding = sliding;
  }

  // Y = patches(X)·W
  convolve(x: string, kernel: string): string {
    const g = this.#g;
    const { matrix, perm } = this.#patchesOf(x);
    const moved = g.transpose(kernel, perm);
    const out = g.shape(moved).at(-1)!;
    return g.matmul(matrix, g.reshape(moved, [sizeOf(g.shape(moved)) / out, out]));
  }

  // dW = patches(X)ᵀ·dY
  kernelGradient(x: string, d: string, shape: readonly number[]): string {
    const g = this.#g;
    const { matrix, perm } = this.#patchesOf(x);
    const dw = g.op("Gemm", [matrix, d], { transA: 1 });
    const extents = perm.map((axis) => shape[axis]!);
    return g.transpose(g.reshape(dw, extents), inverse(perm));
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
      const patches = g.reshape(pickRows(g, d, batch, picks), [rows, offsets * out]);
      return g.matmul(patches, g.reshape(g.transpose(kernel, [...spatial, 0, 1]), [offsets * out, channels]));
    }

    const kernelRows = g.reshape(g.transpose(kernel, [0, ...spatial, 1]), [out, offsets * channels]);
    const contributions = g.reshape(g.matmul(d, kernelRows), [batch * sizeOf(output) * offsets, channels]);
    const picks = readers.flatMap((reader) =>
      Array.from({ length: most }, (_, i) => reader[i] && reader[i].output * offsets + reader[i].offset),
    );
    const received = g.reshape(pickRows(g, contributions, batch, picks), [rows, most, channels]);
    return most === 1 ? g.reshape(received, [rows, channels]) : g.sum(received, [1]);
  }

  #patchesOf(rows: string): Patches {
    const patches = this.#patches.get(rows) ?? patchesOf(this.#g, rows, this.#sliding);
    this.#patches.set(rows, patches);
    return patches;
  }
}
