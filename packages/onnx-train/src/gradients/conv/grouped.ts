import { sizeOf } from "@glyphcast/onnx";
import type { Emitter } from "../../emitter.ts";
import type { Sliding } from "../../window.ts";
import { type Convolution, inverse } from "./convolution.ts";
import { linesGradient } from "./lines.ts";
import { columnAxes, patchesOf } from "./patches.ts";

/** Convolution in several groups, in plain form: onnxruntime's own operators are the fastest there. */
export class GroupedConvolution implements Convolution {
  readonly form = "plain";
  readonly #g: Emitter;
  readonly #sliding: Sliding;
  readonly #group: number;

  constructor(g: Emitter, sliding: Sliding, group: number) {
    this.#g = g;
    this.#sliding = sliding;
    this.#group = group;
  }

  convolve(x: string, kernel: string, bias?: string): string {
    return this.#g.op("Conv", bias === undefined ? [x, kernel] : [x, kernel, bias], this.#attributes());
  }

  // Without strides, a convolution by the kernel turned round is faster than ConvTranspose.
  spread(d: string, kernel: string): string {
    const { input, output, kernel: extents, strides, dilations, pads } = this.#sliding;
    const rank = input.length;
    const reach = extents.map((extent, axis) => (extent - 1) * dilations[axis]!);
    const around = pads.map((pad, i) => reach[i % rank]! - pad);
    if (strides.every((stride) => stride === 1) && around.every((pad) => pad >= 0))
      return this.#g.op("Conv", [d, turned(this.#g, kernel, this.#group)], {
        dilations,
        group: this.#group,
        pads: around,
      });
    const output_padding = input.map((extent, axis) => {
      const reached = (output[axis]! - 1) * strides[axis]! + reach[axis]! + 1;
      return extent + pads[axis]! + pads[axis + rank]! - reached;
    });
    return this.#g.op("ConvTranspose", [d, kernel], { ...this.#attributes(), output_padding });
  }

  kernelGradient(x: string, d: string, shape: readonly number[]): string {
    return shape[1] === 1
      ? linesGradient(this.#g, x, d, this.#sliding, shape)
      : patchesGradient(this.#g, x, d, this.#sliding, shape);
  }

  #attributes() {
    const { strides, dilations, pads } = this.#sliding;
    return { strides, dilations, pads, group: this.#group };
  }
}

/** The kernel [group·out, in, …] that leads back: mirrored in space, inputs and outputs exchanged in each group. */
function turned(g: Emitter, kernel: string, group: number): string {
  const [out = 1, channels = 1, ...extents] = g.shape(kernel);
  const spatial = extents.map((_, i) => i + 2);
  const ends = extents.map(() => -1);
  const starts = extents.map((extent) => -extent - 1);
  const mirrored = g.op("Slice", [kernel, g.ints(ends), g.ints(starts), g.ints(spatial), g.ints(ends)]);
  const grouped = g.reshape(mirrored, [group, out / group, channels, ...extents]);
  const exchanged = g.transpose(grouped, [0, 2, 1, ...spatial.map((axis) => axis + 1)]);
  return g.reshape(exchanged, [group * channels, out / group, ...extents]);
}

/** dW = patches(X)ᵀ·dY in each group. */
function patchesGradient(g: Emitter, x: string, d: string, sliding: Sliding, shape: readonly number[]): string {
  const [out = 1, channels = 1, ...extents] = shape;
  const group = g.shape(x)[1]! / channels;
  // A group is a batch of its own: [group·batch, channels, …] in rows form.
  const inGroups = (value: string) => {
    const [batch = 1, all = 1, ...spatial] = g.shape(value);
    const moved = g.transpose(g.reshape(value, [batch, group, all / group, sizeOf(spatial)]), [1, 0, 3, 2]);
    return g.reshape(moved, [group * batch * sizeOf(spatial), all / group]);
  };
  const matrix = patchesOf(g, inGroups(x), { ...sliding, batch: group * sliding.batch });
  const [rows = 0, columns = 0] = g.shape(matrix);
  const dy = g.reshape(inGroups(d), [group, rows / group, out / group]);
  const dw = g.matmul(g.transpose(g.reshape(matrix, [group, rows / group, columns]), [0, 2, 1]), dy);
  const grouped = [out / group, channels, ...extents];
  const order = [...columnAxes(channels, sliding), 0];
  const moved = g.reshape(dw, [group, ...order.map((axis) => grouped[axis]!)]);
  return g.reshape(g.transpose(moved, [0, ...inverse(order).map((axis) => axis + 1)]), shape);
}
