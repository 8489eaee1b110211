import { activate } from "../activations.ts";
import type { Held } from "../layout.ts";
import type { Relayout } from "../origin.ts";
import type { Call, LayerRule } from "./rule.ts";
import { slide } from "./window.ts";

/** The bias input, where the layer has one. */
const biasOf = (call: Call, channels: number): readonly string[] =>
  call.config.flag("use_bias", true) ? [call.weight("bias", [channels])] : [];

// TF.js: [...kernel, in, out]; ONNX: [out, in, ...kernel].
const outFirst = (rank: number): readonly Relayout[] => [
  { kind: "transpose", perm: [rank + 1, rank, ...Array.from({ length: rank }, (_, axis) => axis)] },
];

const convolve = (rank: 1 | 2): LayerRule => ({
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
    const groups = config.count("groups", 1);
    if (groups > 1) config.unsupported("groups", "TF.js ignores groups; split the channels into several Conv2D.");
    const image = call.channelsSecond(x, channelAxis);
    const weight = call.weight("kernel", [...kernel, channels, filters], () => outFirst(rank));
    const window = slide(call, image, {
      kernel,
      strides: config.counts("strides", rank, 1),
      dilations: config.counts("dilation_rate", rank, 1),
    });
    const name = call.op("Conv", [image.name, weight, ...biasOf(call, filters)], window);
    return activate(call, { name, perm: image.perm });
  },
});

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
  DepthwiseConv2D,
  SeparableConv2D,
};
