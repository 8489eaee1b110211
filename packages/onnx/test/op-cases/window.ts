import fc from "fast-check";
import { type Cases, extent, flag, ints, maybe, merge, ones, shapes, vector } from "./tensors.ts";

const AUTO_PADS = ["SAME_UPPER", "SAME_LOWER", "VALID"] as const;

interface Sliding {
  readonly kernel: number[];
  readonly spatial: number[];
  readonly attributes: SlidingAttributes;
}

interface SlidingAttributes {
  readonly strides?: number[];
  readonly dilations?: number[];
  readonly pads?: number[];
  readonly auto_pad?: string;
}

/** Where it pads to SAME, onnxruntime refuses dilations, and strides past the kernel. */
function withinLimits(
  kernel: readonly number[],
  { strides, dilations, ...rest }: SlidingAttributes,
): SlidingAttributes {
  if (!rest.auto_pad?.startsWith("SAME"))
    return { ...rest, ...(strides && { strides }), ...(dilations && { dilations }) };
  return { ...rest, ...(strides && { strides: strides.map((stride, i) => Math.min(stride, kernel[i]!)) }) };
}

/** A window and extents that it fits into at least once. */
const sliding = ({ dilated = true, padBelowKernel = false } = {}): fc.Arbitrary<Sliding> =>
  shapes(1, 3).chain((ranks) => {
    const rank = ranks.length;
    const each = (max: number, min = 1) => fc.array(fc.integer({ min, max }), { minLength: rank, maxLength: rank });
    return each(3).chain((kernel) => {
      const pads = fc.tuple(...[...kernel, ...kernel].map((size) => fc.nat({ max: padBelowKernel ? size - 1 : 2 })));
      const dilations = dilated ? maybe("dilations", each(2)) : fc.constant<Record<string, number[]>>({});
      return fc
        .tuple(
          maybe("strides", each(3)),
          dilations,
          fc.oneof(
            maybe("pads", pads),
            fc.constantFrom(...AUTO_PADS).map((auto_pad) => ({ auto_pad })),
          ),
          each(6, 0),
        )
        .map(([strides, dilation, padding, more]) => ({
          kernel,
          spatial: kernel.map((size, i) => (size - 1) * (dilation.dilations?.[i] ?? 1) + 1 + more[i]!),
          attributes: withinLimits(kernel, { ...strides, ...dilation, ...padding }),
        }));
    });
  });

const conv: Cases = fc
  .record({
    window: sliding(),
    batch: extent,
    group: fc.constantFrom(1, 1, 2),
    channels: extent,
    filters: extent,
    bias: fc.boolean(),
  })
  .map(({ window: { kernel, spatial, attributes }, batch, group, channels, filters, bias }) => ({
    inputs: [
      ones([batch, channels * group, ...spatial]),
      ones([filters * group, channels, ...kernel]),
      bias ? ones([filters * group]) : undefined,
    ],
    attributes: { ...attributes, group },
  }));

const convTranspose: Cases = shapes(1, 2).chain((spatial) => {
  const rank = spatial.length;
  const each = (max: number, min = 1) => fc.array(fc.integer({ min, max }), { minLength: rank, maxLength: rank });
  return fc
    .record({
      kernel: each(3),
      strides: each(3),
      dilations: each(2),
      extra: each(2, 0),
      batch: extent,
      channels: extent,
      filters: extent,
      group: fc.constantFrom(1, 1, 2),
      padding: fc.constantFrom("none", "pads", "SAME_UPPER", "SAME_LOWER", "VALID", "output_shape", "output_padding"),
    })
    .map(({ kernel, strides, dilations, extra, batch, channels, filters, group, padding }) => {
      const reach = kernel.map((size, i) => (size - 1) * dilations[i]! + 1);
      const size = spatial.map((dim, i) => strides[i]! * (dim - 1) + reach[i]!);
      const pads = reach.map((extent) => Math.floor((extent - 1) / 2));
      const chosen: Record<string, object> = {
        none: {},
        pads: { pads: [...pads, ...pads] },
        output_shape: { output_shape: size.map((dim, i) => Math.max(1, dim - extra[i]!)) },
        output_padding: { output_padding: strides.map((stride, i) => Math.min(extra[i]!, stride - 1)) },
      };
      return {
        inputs: [ones([batch, channels * group, ...spatial]), ones([channels * group, filters, ...kernel])],
        attributes: { strides, dilations, group, ...(chosen[padding] ?? { auto_pad: padding }) },
      };
    });
});

const pool = (options: Parameters<typeof sliding>[0], ...more: fc.Arbitrary<object>[]): Cases =>
  fc
    .tuple(sliding({ padBelowKernel: true, ...options }), shapes(2, 2), merge(...more), fc.constant(17))
    .map(([{ kernel, spatial, attributes }, outer, extra]) => ({
      inputs: [ones([...outer, ...spatial])],
      attributes: { ...attributes, ...extra, kernel_shape: kernel },
    }));

const maxUnpool: Cases = shapes(3, 4).chain(([batch, channels, ...spatial]) =>
  fc.tuple(fc.integer({ min: 2, max: 3 }), fc.boolean()).map(([stride, larger]) => {
    const kernel = spatial.map(() => stride);
    const inputs = [ones([batch!, channels!, ...spatial]), ints([batch!, channels!, ...spatial], 0)];
    const attributes = { kernel_shape: kernel, strides: kernel };
    if (!larger) return { inputs, attributes };
    const shape = vector([batch!, channels!, ...spatial.map((dim) => dim * stride + 1)]);
    return { inputs: [...inputs, shape], constants: [2], attributes };
  }),
);

const col2im: Cases = fc
  .record({
    image: fc.array(fc.integer({ min: 3, max: 6 }), { minLength: 2, maxLength: 2 }),
    block: fc.tuple(extent, extent),
    batch: extent,
    channels: extent,
  })
  .map(({ image, block, batch, channels }) => {
    const fitting = block.map((size, i) => Math.min(size, image[i]!));
    const blocks = image.reduce((count, size, i) => count * (size - fitting[i]! + 1), 1);
    const columns = ones([batch, channels * fitting[0]! * fitting[1]!, blocks]);
    return { inputs: [columns, vector(image), vector(fitting)], constants: [1, 2], opset: 18 };
  });

const globalPool: Cases = shapes(3, 5).map((shape) => ({ inputs: [ones(shape)] }));

const ceilMode = flag.map((ceil_mode) => ({ ceil_mode }));

export const WINDOW_CASES: Readonly<Record<string, Cases>> = {
  Conv: conv,
  ConvTranspose: convTranspose,
  Col2Im: col2im,
  MaxUnpool: maxUnpool,
  MaxPool: fc
    .tuple(pool({}, ceilMode, maybe("storage_order", flag)), fc.constantFrom(1, 2))
    .map(([node, outputs]) => ({ ...node, outputs })),
  AveragePool: fc.oneof(
    pool({ dilated: false }, ceilMode, maybe("count_include_pad", flag)),
    pool({}, ceilMode).map((node) => ({ ...node, opset: 19 })),
  ),
  LpPool: fc.oneof(
    pool({ dilated: false }),
    pool({}, ceilMode).map((node) => ({ ...node, opset: 18 })),
  ),
  GlobalAveragePool: globalPool,
  GlobalLpPool: globalPool,
  GlobalMaxPool: globalPool,
};
