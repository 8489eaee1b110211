import type { Attributes } from "@glyphcast/onnx";
import { activate } from "../activations.ts";
import type { Held } from "../layout.ts";
import type { Relayout } from "../origin.ts";
import type { Call, LayerRule } from "./rule.ts";
import { seen, slide } from "./window.ts";

/** The bias input, where the layer has one. */
const biasOf = (call: Call, channels: number): readonly string[] =>
  call.config.flag("use_bias", true) ? [call.weight("bias", [channels])] : [];

// TF.js: [...kernel, in, out]; ONNX: [out, in, ...kernel].
const outFirst = (rank: number): readonly Relayout[] => [
  { kind: "transpose", perm: [rank + 1, rank, ...Array.from({ length: rank }, (_, axis) => axis)] },
];

const convolve = (rank: 1 | 2 | 3): LayerRule => ({
  becomes: "Conv",
  ...(rank === 1 && { notes: "channels_last" }),
  lower: (call) => {
    const { config } = call;
    const x = call.input(rank + 2);
    const channelAxis = config.channelAxis(rank + 2);
    if (rank === 1 && channelAxis === 1)
      config.unsupported(
        "data_format",
        "TF.js does not turn a channels-first Conv1D's result back; use channels_last.",
      );
    const channels = call.extent(x, channelAxis);
    const filters = config.count("filters");
    const kernel = config.counts("kernel_size", rank);
    refuseGroups(call);
    const options = {
      kernel,
      strides: config.counts("strides", rank, 1),
      dilations: config.counts("dilation_rate", rank, 1),
    };
    const whole = call.channelsSecond(x, channelAxis);
    const image = rank === 3 ? seen(call, whole, options) : whole;
    const weight = call.weight("kernel", [...kernel, channels, filters], () => outFirst(rank));
    const window = slide(call, image, options);
    const name = call.op("Conv", [image.name, weight, ...biasOf(call, filters)], window);
    return activate(call, { name, perm: image.perm });
  },
});

// TF.js: [...kernel, out, in]; ONNX: [in, out, ...kernel]. The same two axes, the other way about.
const inFirst = outFirst;

/** The gradient of a convolution with respect to its input, used forward. */
const deconvolve = (rank: 2 | 3): LayerRule => ({
  becomes: "ConvTranspose",
  notes: "dilation_rate 1: TF.js ignores any other",
  lower: (call) => {
    const { config } = call;
    if (config.counts("dilation_rate", rank, 1).some((dilation) => dilation > 1))
      config.unsupported("dilation_rate", `TF.js computes Conv${rank}DTranspose without it.`);
    refuseGroups(call);
    const channelAxis = config.channelAxis(rank + 2);
    const x = call.channelsSecond(call.input(rank + 2), channelAxis);
    const filters = config.count("filters");
    const kernel = config.counts("kernel_size", rank);
    const strides = config.counts("strides", rank, 1);
    const shape = [...kernel, filters, call.extent(x, channelAxis)];
    const weight = call.weight("kernel", shape, () => inFirst(rank));
    const same = config.choice("padding", ["valid", "same"], "valid") === "same";
    // 'same' makes stride times the input's extent, 'valid' that or more: what the last window reaches beyond it.
    const excess = kernel.map((extent, axis) => extent - strides[axis]!);
    const cut = excess.map((extent) => (same ? Math.max(extent, 0) : 0));
    const pads = [...cut.map((extent) => Math.floor(extent / 2)), ...cut.map((extent) => Math.ceil(extent / 2))];
    const missing = excess.map((extent) => Math.max(-extent, 0));
    const attributes = {
      strides,
      ...(pads.some((pad) => pad > 0) && { pads }),
      ...(missing.some((extent) => extent > 0) && { output_padding: missing }),
    };
    const bias = biasOf(call, filters);
    // TF.js's 3-D windows smaller than their strides write from the middle of each stride on.
    const shift = missing.map((extent) => (rank === 3 && same ? Math.ceil(extent / 2) : 0));
    const name = shift.some((extent) => extent > 0)
      ? shifted(call, [x.name, weight, ...bias], attributes, missing, shift)
      : call.op("ConvTranspose", [x.name, weight, ...bias], attributes);
    return activate(call, { name, perm: x.perm });
  },
});

/** A ConvTranspose whose result is moved, with zeros before it, and gets its bias there. */
function shifted(
  call: Call,
  [x, weight, bias]: readonly string[],
  attributes: Attributes,
  missing: readonly number[],
  shift: readonly number[],
): string {
  const output_padding = missing.map((extent, axis) => extent - shift[axis]!);
  const product = call.op("ConvTranspose", [x!, weight!], { ...attributes, output_padding });
  const moved = call.op("Pad", [product, call.g.ints([0, 0, ...shift, 0, 0, ...shift.map(() => 0)])]);
  if (bias === undefined) return moved;
  const column = call.op("Unsqueeze", [bias, call.g.ints(shift.map((_, axis) => axis + 1))]);
  return call.op("Add", [moved, column]);
}

function refuseGroups({ config }: Call): void {
  if (config.count("groups", 1) > 1)
    config.unsupported("groups", "TF.js ignores groups; split the channels into several layers.");
}

// TF.js: [...kernel, in, multiplier]; ONNX, with one group per channel: [in · multiplier, 1, ...kernel].
const perChannel = (channels: number, kernel: readonly number[]): readonly Relayout[] => [
  { kind: "transpose", perm: [2, 3, 0, 1] },
  { kind: "reshape", shape: [channels, 1, ...kernel] },
];

/** The convolution of each channel by itself. */
function depthwise(call: Call, image: Held, channels: number, bias: readonly string[], dilated: boolean): string {
  const { config } = call;
  const kernel = config.counts("kernel_size", 2);
  const multiplier = config.count("depth_multiplier", 1);
  const weight = call.weight("depthwise_kernel", [...kernel, channels, multiplier], () =>
    perChannel(channels * multiplier, kernel),
  );
  const window = slide(call, image, {
    kernel,
    strides: config.counts("strides", 2, 1),
    ...(dilated && { dilations: config.counts("dilation_rate", 2, 1) }),
  });
  return call.op("Conv", [image.name, weight, ...bias], { ...window, group: channels });
}

const DepthwiseConv2D: LayerRule = {
  becomes: "Conv",
  notes: "dilation_rate 1: TF.js ignores any other",
  lower: (call) => {
    const { config } = call;
    if (config.counts("dilation_rate", 2, 1).some((dilation) => dilation > 1))
      config.unsupported("dilation_rate", "TF.js computes DepthwiseConv2D without it; use SeparableConv2D.");
    const x = call.input(4);
    const channels = call.extent(x, config.channelAxis(4));
    const image = call.channelsSecond(x, config.channelAxis(4));
    const bias = biasOf(call, channels * config.count("depth_multiplier", 1));
    return activate(call, { name: depthwise(call, image, channels, bias, false), perm: image.perm });
  },
};

const SeparableConv2D: LayerRule = {
  becomes: "Conv, Conv",
  notes: "channels_last",
  lower: (call) => {
    const { config } = call;
    if (config.channelAxis(4) === 1)
      config.unsupported("data_format", "TF.js adds a channels-first SeparableConv2D's bias along the wrong axis.");
    const x = call.input(4);
    const [channels, filters] = [call.extent(x, 3), config.count("filters")];
    const image = call.channelsSecond(x, 3);
    const between = depthwise(call, image, channels, [], true);
    const inner = channels * config.count("depth_multiplier", 1);
    const weight = call.weight("pointwise_kernel", [1, 1, inner, filters], () => outFirst(2));
    return activate(call, { name: call.op("Conv", [between, weight, ...biasOf(call, filters)]), perm: image.perm });
  },
};

export const CONVOLUTIONS: Readonly<Record<string, LayerRule>> = {
  Conv1D: convolve(1),
  Conv2D: convolve(2),
  Conv2DTranspose: deconvolve(2),
  Conv3D: convolve(3),
  Conv3DTranspose: deconvolve(3),
  DepthwiseConv2D,
  SeparableConv2D,
};
