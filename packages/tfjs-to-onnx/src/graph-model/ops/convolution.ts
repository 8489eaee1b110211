import type { Attributes, Dim } from "@glyphcast/onnx";
import { type Held, identity } from "../../layout.ts";
import { activate, fusedOps } from "../activation.ts";
import { isNumber, type OpCall, type OpRule, type OpRules } from "../op-rule.ts";
import { type Slide, sameWindow, sliding, spatial } from "../window.ts";
import { normalise } from "./normalization.ts";

type Fused = ReturnType<typeof fusedOps>;

/** A bias of one number per channel is Conv's own; any other is added. */
function conv(
  call: OpCall,
  image: Held,
  filter: string,
  attributes: Attributes,
  { bias, normalisation, activation, slope }: Fused = {},
): Held {
  const channels = call.g.dims(filter)[0];
  const own = bias?.perm.length === 1 && call.dims(bias)[0] === channels ? bias : undefined;
  const inputs = [image.name, filter, ...(own ? [own.name] : [])];
  let x: Held = { name: call.op("Conv", inputs, attributes), perm: image.perm };
  if (bias && !own) {
    const { names, as } = call.align([x, bias]);
    x = { ...as, name: call.op("Add", names) };
  }
  if (normalisation) x = normalise(call, x, normalisation, call.attributes.number("epsilon", 1e-4));
  return activate(call, x, activation, slope);
}

/**
 * A convolution of blocks is a dilated one of the whole image, if they are put together after it: TensorFlow's way to
 * dilate, which `BatchToSpaceND` looks for.
 */
function ofBlocks(
  call: OpCall,
  x: Held,
  slide: Required<Slide>,
  result: Held,
  whole: (image: Held, attributes: Attributes) => Held,
): Held {
  const cut = call.lowering.cuts.get(x.name);
  const plain = [...slide.strides, ...slide.dilations].every((step) => step === 1);
  if (cut?.block.length === 2 && plain && call.attributes.text("padding", "valid") === "valid")
    call.lowering.cutConvolutions.set(result.name, {
      ...cut,
      whole: (pads) => whole(call.channelsSecond(cut.image, 3), { strides: slide.strides, dilations: cut.block, pads }),
    });
  return result;
}

/** The axis of the channels, from the data format. */
function channelAxisOf(call: OpCall, rank: number): number {
  const format = call.attributes.text("data_format", "nhwc");
  return /^nc/.test(format) ? 1 : rank - 1;
}

/** The filter's extents before its channels, which say how far the window reaches. */
const kernelOf = (call: OpCall, filter: Held, rank: number): readonly number[] =>
  identity(rank).map((axis) => call.extent(filter, axis));

function dilationsOf(call: OpCall, rank: number): readonly number[] {
  return spatial(
    call,
    "dilations",
    rank,
    Array.from({ length: rank + 2 }, () => 1),
  );
}

const convolve = (rank: 2 | 3): OpRule => ({
  becomes: "Conv",
  lower: (call) => {
    const x = call.float(0);
    if (x.perm.length !== rank + 2) call.input(0, rank + 2);
    const filter = call.input(1, rank + 2);
    const channelAxis = channelAxisOf(call, rank + 2);
    const image = call.channelsSecond(call.settled(x), channelAxis);
    // TF.js: [...kernel, in, out]; ONNX: [out, in, ...kernel].
    const weight = call.arrange(filter, [rank + 1, rank, ...identity(rank)]).name;
    const slide = {
      kernel: kernelOf(call, filter, rank),
      strides: spatial(call, "strides", rank),
      dilations: dilationsOf(call, rank),
    };
    const channels = call.dims(x)[channelAxis];
    const expected = call.extent(filter, rank);
    if (isNumber(channels) && channels !== expected)
      call.fail(`Its input has ${channels} channels, its filter expects ${expected}.`);
    const make = (from: Held, attributes: Attributes): Held => conv(call, from, weight, attributes, fusedOps(call));
    return ofBlocks(call, x, slide, make(image, sliding(call, image, slide, channelAxis)), make);
  },
});

const Conv1D: OpRule = {
  becomes: "Conv",
  lower: (call) => {
    const filter = call.input(1, 3);
    const image = call.channelsSecond(call.input(0, 3), channelAxisOf(call, 3));
    const slide = {
      kernel: kernelOf(call, filter, 1),
      strides: [call.attributes.integer("stride", 1)],
      dilations: [call.attributes.integer("dilation", 1)],
    };
    return conv(call, image, call.arrange(filter, [2, 1, 0]).name, sliding(call, image, slide));
  },
};

const depthwise: OpRule = {
  becomes: "Conv",
  lower: (call) => {
    const x = call.float(0);
    call.input(0, 4);
    const filter = call.input(1, 4);
    const channelAxis = channelAxisOf(call, 4);
    const image = call.channelsSecond(x, channelAxis);
    const [channels, multiplier] = [call.extent(filter, 2), call.extent(filter, 3)];
    const slide = {
      kernel: kernelOf(call, filter, 2),
      strides: spatial(call, "strides", 2),
      dilations: dilationsOf(call, 2),
    };
    const weight = perChannel(call, filter, [channels * multiplier, 1, ...slide.kernel]);
    const make = (from: Held, attributes: Attributes): Held =>
      conv(call, from, weight, { ...attributes, group: channels }, fusedOps(call));
    return ofBlocks(call, x, slide, make(image, sliding(call, image, slide, channelAxis)), make);
  },
};

/** TF.js: [...kernel, in, multiplier]; ONNX, with one group per channel: [in · multiplier, 1, ...kernel]. */
function perChannel(call: OpCall, filter: Held, shape: readonly number[]): string {
  const { name } = call.arrange(filter, [2, 3, 0, 1]);
  return call.tensor({ name, perm: [] })
    ? call.lowering.relay(name, { kind: "reshape", shape })
    : call.op("Reshape", [name, call.g.ints(shape)]);
}

/** The gradient of a convolution as a layer: `input_sizes` is what it is to return. */
const Conv2DBackpropInput: OpRule = {
  becomes: "ConvTranspose",
  notes: "an output extent that is not known is taken for the smallest that fits",
  lower: (call) => {
    const filter = call.input(1, 4);
    const image = call.channelsSecond(call.input(2, 4), 3);
    // TF.js: [height, width, out, in]; ONNX: [in, out, height, width].
    const weight = call.arrange(filter, [3, 2, 0, 1]).name;
    const kernel = kernelOf(call, filter, 2);
    const strides = spatial(call, "strides", 2);
    const target = call.elements(0)?.slice(1, 3) ?? [];
    const padding = call.attributes.text("padding", "valid");
    const given = padding === "explicit" ? sliding(call, image, { kernel, strides }).pads : undefined;
    const axes = kernel.map((extent, axis) => {
      const [from, to, stride] = [call.dims(call.input(2))[axis + 1], target[axis], strides[axis]!];
      const own = given as readonly number[] | undefined;
      return transposed(extent, stride, from, to, own ? own[axis]! + own[axis + 2]! : padding === "same" ? "same" : 0);
    });
    const pads = [
      ...axes.map(({ total }, axis) => (given as readonly number[] | undefined)?.[axis] ?? Math.floor(total / 2)),
      ...axes.map(({ total }, axis) => (given as readonly number[] | undefined)?.[axis + 2] ?? Math.ceil(total / 2)),
    ];
    const output_padding = axes.map(({ missing }) => missing);
    if (output_padding.some((amount, axis) => amount < 0 || amount >= strides[axis]!))
      call.fail(`[${call.elements(0)?.join(", ")}] is no size that its convolution would have come from.`);
    const name = call.op("ConvTranspose", [image.name, weight], {
      strides,
      ...(pads.some((amount) => amount > 0) && { pads }),
      ...(output_padding.some((amount) => amount > 0) && { output_padding }),
    });
    return { name, perm: image.perm };
  },
};

/** Along one axis: both sides' padding together, and what the end still misses of the size asked for. */
function transposed(
  kernel: number,
  stride: number,
  from: Dim | undefined,
  to: Dim | undefined,
  padding: number | "same",
): { total: number; missing: number } {
  if (typeof to !== "number" || typeof from !== "number") {
    const total = padding === "same" ? Math.max(0, kernel - stride) : padding;
    return { total, missing: padding === "same" ? Math.max(0, stride - kernel) : 0 };
  }
  const total = padding === "same" ? Math.max(0, (Math.ceil(to / stride) - 1) * stride + kernel - to) : padding;
  return { total, missing: to - (stride * (from - 1) + kernel - total) };
}

const pool = (op: "AveragePool" | "MaxPool", rank: 2 | 3): OpRule => ({
  becomes: op,
  lower: (call) => {
    const image = call.channelsSecond(call.float(0), rank + 1);
    const kernel = spatial(call, "ksize", rank);
    // ONNX leaves padding out of an average by default (count_include_pad 0), as TF.js does.
    const window = sliding(call, image, { kernel, strides: spatial(call, "strides", rank) });
    return { name: call.op(op, [image.name], { kernel_shape: kernel, ...window }), perm: image.perm };
  },
});

const MaxPoolWithArgmax: OpRule = {
  becomes: "MaxPool, Mod, Mul, Add",
  notes: "height and width known",
  outputs: ["output", "argmax"],
  lower: (call) => {
    const image = call.channelsSecond(call.input(0, 4), 3);
    const [, channels, height, width] = call.g.dims(image.name) as [Dim, Dim, Dim, Dim];
    if (!isNumber(channels) || !isNumber(height) || !isNumber(width))
      return call.fail("It needs to know its image's height, width and channels.");
    const kernel = spatial(call, "ksize", 2);
    const attributes = {
      kernel_shape: kernel,
      ...sliding(call, image, { kernel, strides: spatial(call, "strides", 2) }),
    };
    const [y, index] = call.ops("MaxPool", [image.name], attributes, 2) as [string, string];
    // ONNX counts ((n·C + c)·H + y)·W + x, TF.js ((n·H + y)·W + x)·C + c, without n where that is not asked for.
    const places = call.g.ints(height * width);
    const channel = call.op("Mod", [call.op("Div", [index, places]), call.g.ints(channels)]);
    let place = call.op("Mod", [index, places]);
    if (call.attributes.flag("include_batch_in_index")) {
      const image = call.op("Div", [index, call.g.ints(height * width * channels)]);
      place = call.op("Add", [place, call.op("Mul", [image, places])]);
    }
    const flat = call.op("Add", [call.op("Mul", [place, call.g.ints(channels)]), channel]);
    return [{ name: y, perm: image.perm }, call.cast({ name: flat, perm: image.perm }, "int32")];
  },
};

/** The largest of x + filter over each window: one Slice and Add for each place of the filter. */
const Dilation2D: OpRule = {
  becomes: "Pad, Slice, Add, Max",
  notes: "height and width known",
  lower: (call) => {
    const image = call.channelsSecond(call.float(0), 3);
    const filter = call.input(1, 3);
    const kernel = kernelOf(call, filter, 2);
    const strides = spatial(call, "strides", 2);
    const dilations = spatial(call, "rates", 2);
    if (kernel[0]! * kernel[1]! > 256) call.fail(`Its filter of ${kernel.join("×")} is too large to be unrolled.`);
    const same = call.attributes.text("padding", "valid") === "same";
    const pads = same ? sameWindow(call, image, { kernel, strides, dilations })?.pads : [0, 0, 0, 0];
    if (!pads) return call.fail("It needs to know its image's height and width.");
    const lowest = call.scalar(-3.4028234663852886e38);
    const wide = [0, 0, ...pads.slice(0, 2), 0, 0, ...pads.slice(2)];
    const x = pads.some((amount) => amount > 0) ? call.op("Pad", [image.name, call.g.ints(wide), lowest]) : image.name;
    const sizes = call.g
      .dims(x)
      .slice(2)
      .map((dim, axis) => {
        if (!isNumber(dim)) return call.fail("It needs to know its image's height and width.");
        return Math.floor((dim - (kernel[axis]! - 1) * dilations[axis]! - 1) / strides[axis]!) + 1;
      });
    const weight = call.arrange(filter, [2, 0, 1]).name;
    const terms = identity(kernel[0]!).flatMap((row) =>
      identity(kernel[1]!).map((column) => {
        const starts = [row * dilations[0]!, column * dilations[1]!];
        const ends = starts.map((start, axis) => start + (sizes[axis]! - 1) * strides[axis]! + 1);
        const part = call.op("Slice", [x, ...[starts, ends, [2, 3], strides].map((list) => call.g.ints(list))]);
        const one = [
          [row, column],
          [row + 1, column + 1],
          [1, 2],
        ].map((list) => call.g.ints(list));
        return call.op("Add", [part, call.op("Slice", [weight, ...one])]);
      }),
    );
    return { name: call.op("Max", terms), perm: image.perm };
  },
};

export const CONVOLUTION: OpRules = {
  AvgPool: pool("AveragePool", 2),
  AvgPool3D: pool("AveragePool", 3),
  Conv1D,
  Conv2D: convolve(2),
  Conv2DBackpropInput,
  Conv3D: convolve(3),
  DepthwiseConv2d: depthwise,
  DepthwiseConv2dNative: depthwise,
  Dilation2D,
  FusedDepthwiseConv2dNative: depthwise,
  MaxPool: pool("MaxPool", 2),
  MaxPool3D: pool("MaxPool", 3),
  MaxPoolWithArgmax,
  _FusedConv2D: convolve(2),
  _FusedDepthwiseConv2dNative: depthwise,
};
