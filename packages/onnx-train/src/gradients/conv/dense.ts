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

  // Y = patches(X)·W + b
  convolve(x: string, kernel: string, bias?: string): string {
    const g = this.#g;
    const parts = this.#patchesOf(x, MANY);
    const [{ matrix, axes }] = parts;
    const columns = g.reshape(g.transpose(kernel, [0, ...axes]), [g.shape(kernel)[0]!, g.shape(matrix)[1]!]);
    const weights = g.transpose(columns, [1, 0]);
    const products = parts.map((part) => g.matmul(part.matrix, weights));
    return joined(g, bias === undefined ? products : products.map((product) => g.add(product, bias)));
  }

  // dW = patches(X)ᵀ·dY
  kernelGradient(x: string, d: string, shape: readonly number[]): string {
    const g = this.#g;
    const parts = this.#patchesOf(x, MANY / 2);
    const ds = inParts(g, d, parts.length);
    const products = parts.map(({ matrix }, i) => g.op("Gemm", [matrix, ds[i]!], { transA: 1 }));
    const dw = products.length === 1 ? products[0]! : g.op("Sum", products);
    const order = [...parts[0].axes, 0];
    const extents = order.map((axis) => shape[axis]!);
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
      const parts = partsOf(batch, rows * offsets * out, MANY / 2);
      const each = inParts(g, d, parts).map((part) => {
        const patches = pickRows(g, part, batch / parts, picks);
        return g.matmul(g.reshape(patches, [rows / parts, offsets * out]), weights);
      });
      return joined(g, each);
    }

    const kernelRows = g.reshape(g.transpose(kernel, [0, ...spatial, 1]), [out, offsets * channels]);
    const contributions = g.reshape(g.matmul(d, kernelRows), [batch * sizeOf(output) * offsets, channels]);
    const picks = readers.flatMap((reader) =>
      Array.from({ length: most }, (_, i) => reader[i] && reader[i].output * offsets + reader[i].offset),
    );
    const received = g.reshape(pickRows(g, contributions, batch, picks), [rows, most, channels]);
    return most === 1 ? g.reshape(received, [rows, channels]) : g.sum(received, [1]);
  }

  /**
   * Few patches are kept between the way forward and the way back. Many are made twice, each time in parts that are used
   * while they are in the cache; other parts on the way back, or onnxruntime would see that they are the same, and keep
   * them.
   */
  #patchesOf(rows: string, most: number): readonly [Patches, ...Patches[]] {
    const g = this.#g;
    const { batch, output, kernel } = this.#sliding;
    const elements = batch * sizeOf(output) * sizeOf(kernel) * g.shape(rows)[1]!;
    if (elements > 2 * MANY) {
      const parts = partsOf(batch, elements, most);
      const sliding = { ...this.#sliding, batch: batch / parts };
      const [first, ...others] = inParts(g, rows, parts).map((part) => patchesOf(g, part, sliding));
      return [first!, ...others];
    }
    const patches = this.#patches.get(rows) ?? patchesOf(g, rows, this.#sliding);
    this.#patches.set(rows, patches);
    return [patches];
  }
}

/** Elements (16 MiB) of patches that are more than fit a cache. */
const MANY = 2 ** 22;

/** Into how many equal parts a batch is cut so that none has more elements than `most`. */
function partsOf(batch: number, elements: number, most: number): number {
  let parts = 1;
  while (parts < batch && (batch % parts !== 0 || elements / parts > most)) parts++;
  return parts;
}

/** The sizes are written out: onnxruntime takes two Splits of one value without them for the same. */
function inParts(g: Emitter, rows: string, parts: number): readonly string[] {
  if (parts === 1) return [rows];
  const sizes = g.ints(Array(parts).fill(g.shape(rows)[0]! / parts));
  return g.ops("Split", [rows, sizes], { axis: 0 }, {}, parts);
}

const joined = (g: Emitter, parts: readonly string[]): string =>
  parts.length === 1 ? parts[0]! : g.op("Concat", parts, { axis: 0 });
