import { tfl } from "../../src/testing.ts";
import { type Case, chain, type Layer } from "./case.ts";

const l = tfl.layers;

/** An image with sides that differ, and more than one channel, so that no mistake in an axis can hide. */
export const image = [6, 7, 3];
const padding = "same" as const;
const dataFormat = "channelsFirst" as const;

/** Chains of layers, each after an input of the given shape. Every option that changes a layer's result is among them. */
const ROWS: readonly (readonly [name: string, inputShape: readonly number[], layers: () => Layer[]])[] = [
  ["Conv2D", image, () => [l.conv2d({ filters: 4, kernelSize: 3 })]],
  ["Conv2D strides", image, () => [l.conv2d({ filters: 4, kernelSize: [3, 2], strides: [2, 3] })]],
  ["Conv2D same", image, () => [l.conv2d({ filters: 4, kernelSize: [4, 3], padding })]],
  ["Conv2D same, strides", image, () => [l.conv2d({ filters: 4, kernelSize: 3, strides: 2, padding })]],
  ["Conv2D same, strides past the kernel", image, () => [l.conv2d({ filters: 2, kernelSize: 1, strides: 3, padding })]],
  ["Conv2D dilated", image, () => [l.conv2d({ filters: 4, kernelSize: 3, dilationRate: 2 })]],
  ["Conv2D dilated, same", image, () => [l.conv2d({ filters: 4, kernelSize: 3, dilationRate: [2, 1], padding })]],
  ["Conv2D without bias", image, () => [l.conv2d({ filters: 4, kernelSize: 2, useBias: false })]],
  ["Conv2D channels first", image, () => [l.conv2d({ filters: 4, kernelSize: 3, strides: 2, padding, dataFormat })]],
  [
    "Conv2D with softmax over its channels",
    image,
    () => [l.conv2d({ filters: 4, kernelSize: 2, activation: "softmax" })],
  ],
  ["Conv1D", [9, 3], () => [l.conv1d({ filters: 4, kernelSize: 3, strides: 2 })]],
  ["Conv1D same, dilated", [9, 3], () => [l.conv1d({ filters: 4, kernelSize: 3, dilationRate: 2, padding })]],
  ["DepthwiseConv2D", image, () => [l.depthwiseConv2d({ kernelSize: 3, strides: 2, padding })]],
  [
    "DepthwiseConv2D multiplied",
    image,
    () => [l.depthwiseConv2d({ kernelSize: [2, 3], depthMultiplier: 2, activation: "relu" })],
  ],
  [
    "DepthwiseConv2D channels first",
    image,
    () => [l.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, dataFormat })],
  ],
  ["SeparableConv2D", image, () => [l.separableConv2d({ filters: 5, kernelSize: 3, strides: 2, padding })]],
  [
    "SeparableConv2D dilated",
    image,
    () => [l.separableConv2d({ filters: 5, kernelSize: 3, dilationRate: 2, useBias: false })],
  ],

  ["MaxPooling2D", image, () => [l.maxPooling2d({ poolSize: 2 })]],
  ["MaxPooling2D overlapping, same", image, () => [l.maxPooling2d({ poolSize: [3, 2], strides: [2, 1], padding })]],
  ["MaxPooling2D channels first", image, () => [l.maxPooling2d({ poolSize: 2, dataFormat })]],
  ["AveragePooling2D", image, () => [l.averagePooling2d({ poolSize: [2, 3] })]],
  [
    "AveragePooling2D same, its padding left out",
    image,
    () => [l.averagePooling2d({ poolSize: 3, strides: 2, padding })],
  ],
  ["MaxPooling1D", [9, 3], () => [l.maxPooling1d({ poolSize: 2, strides: 3, padding })]],
  ["AveragePooling1D", [9, 3], () => [l.averagePooling1d({ poolSize: 4, strides: 2, padding })]],
  ["GlobalAveragePooling2D", image, () => [l.globalAveragePooling2d({})]],
  ["GlobalAveragePooling2D channels first", image, () => [l.globalAveragePooling2d({ dataFormat })]],
  [
    "GlobalAveragePooling2D after a convolution",
    image,
    () => [l.conv2d({ filters: 4, kernelSize: 2 }), l.globalAveragePooling2d({})],
  ],
  ["GlobalMaxPooling2D", image, () => [l.globalMaxPooling2d({})]],
  ["GlobalAveragePooling1D", [9, 3], () => [l.globalAveragePooling1d({})]],
  ["GlobalMaxPooling1D", [9, 3], () => [l.conv1d({ filters: 4, kernelSize: 3 }), l.globalMaxPooling1d({})]],

  ["BatchNormalization of an image", image, () => [l.batchNormalization({ epsilon: 0.1 })]],
  ["BatchNormalization of features", [5], () => [l.batchNormalization({})]],
  ["BatchNormalization without gamma", [5], () => [l.batchNormalization({ scale: false })]],
  ["BatchNormalization without beta", image, () => [l.batchNormalization({ center: false })]],
  [
    "BatchNormalization folded into Conv2D",
    image,
    () => [l.conv2d({ filters: 4, kernelSize: 3, useBias: false }), l.batchNormalization({})],
  ],
  [
    "BatchNormalization folded into a bias",
    image,
    () => [l.conv2d({ filters: 4, kernelSize: 3 }), l.batchNormalization({})],
  ],
  [
    "BatchNormalization folded into DepthwiseConv2D",
    image,
    () => [l.depthwiseConv2d({ kernelSize: 2, depthMultiplier: 2 }), l.batchNormalization({})],
  ],
  [
    "BatchNormalization folded into Dense",
    [5],
    () => [l.dense({ units: 4, useBias: false }), l.batchNormalization({})],
  ],
  [
    "BatchNormalization of a flattened image",
    image,
    () => [l.conv2d({ filters: 4, kernelSize: 3 }), l.flatten(), l.batchNormalization({}), l.dense({ units: 3 })],
  ],
  [
    "BatchNormalization after an activation",
    image,
    () => [l.conv2d({ filters: 4, kernelSize: 3, activation: "relu" }), l.batchNormalization({})],
  ],
  ["BatchNormalization of rank 3", [9, 3], () => [l.dense({ units: 4 }), l.batchNormalization({})]],

  ["Dense", [5], () => [l.dense({ units: 4 })]],
  ["Dense without bias", [5], () => [l.dense({ units: 4, useBias: false, activation: "tanh" })]],
  ["Dense of rank 3", [9, 5], () => [l.dense({ units: 4 })]],
  [
    "Dense of an image's channels",
    image,
    () => [l.conv2d({ filters: 4, kernelSize: 3 }), l.dense({ units: 5, useBias: false })],
  ],
  ["Flatten", image, () => [l.flatten()]],
  ["Flatten channels first", image, () => [l.flatten({ dataFormat }), l.dense({ units: 3 })]],
  [
    "Flatten channels first, after Conv2D",
    image,
    () => [l.conv2d({ filters: 4, kernelSize: 3, dataFormat }), l.flatten({ dataFormat })],
  ],
  ["Flatten after Conv2D, as the output", image, () => [l.conv2d({ filters: 4, kernelSize: 3 }), l.flatten()]],
  [
    "Flatten, Activation, Dropout, Dense",
    image,
    () => [
      l.conv2d({ filters: 4, kernelSize: 3 }),
      l.flatten(),
      l.activation({ activation: "softmax" }),
      l.dropout({ rate: 0.5 }),
      l.dense({ units: 3 }),
    ],
  ],
  ["Reshape", image, () => [l.reshape({ targetShape: [7, 18] })]],
  [
    "Reshape of what is left",
    image,
    () => [l.conv2d({ filters: 4, kernelSize: 3 }), l.reshape({ targetShape: [2, -1] as number[] })],
  ],
  [
    "Reshape of a flattened image",
    image,
    () => [l.conv2d({ filters: 4, kernelSize: 3 }), l.flatten(), l.reshape({ targetShape: [20, 4] })],
  ],
  ["Permute", image, () => [l.permute({ dims: [3, 1, 2] })]],
  [
    "Permute of a convolution's result",
    image,
    () => [l.conv2d({ filters: 4, kernelSize: 3 }), l.permute({ dims: [2, 3, 1] }), l.dense({ units: 2 })],
  ],
  ["RepeatVector", [5], () => [l.repeatVector({ n: 3 })]],
  [
    "RepeatVector of a flattened image",
    image,
    () => [l.conv2d({ filters: 2, kernelSize: 3 }), l.flatten(), l.repeatVector({ n: 2 })],
  ],
  [
    "noise layers",
    [5],
    () => [
      l.gaussianNoise({ stddev: 1 }),
      l.gaussianDropout({ rate: 0.5 }),
      l.alphaDropout({ rate: 0.5 }),
      l.dense({ units: 2 }),
    ],
  ],
  ["SpatialDropout1D", [9, 3], () => [l.spatialDropout1d({ rate: 0.5 }), l.dense({ units: 2 })]],
  ["Rescaling", image, () => [l.rescaling({ scale: 1 / 127.5, offset: -1 })]],
  [
    "Rescaling before and after Conv2D",
    image,
    () => [
      l.rescaling({ scale: 0.5 }),
      l.conv2d({ filters: 4, kernelSize: 3, padding }),
      l.rescaling({ scale: 3, offset: 0.25 }),
    ],
  ],
  [
    "ZeroPadding2D",
    image,
    () => [
      l.zeroPadding2d({
        padding: [
          [1, 2],
          [0, 3],
        ],
      }),
    ],
  ],
  [
    "ZeroPadding2D around a convolution",
    image,
    () => [
      l.zeroPadding2d({ padding: 1 }),
      l.conv2d({ filters: 4, kernelSize: 3 }),
      l.zeroPadding2d({ padding: [1, 2] }),
    ],
  ],
  ["ZeroPadding2D channels first", image, () => [l.zeroPadding2d({ padding: [1, 2], dataFormat })]],
  [
    "Cropping2D",
    image,
    () => [
      l.cropping2D({
        cropping: [
          [1, 0],
          [2, 1],
        ],
      }),
    ],
  ],
  [
    "Cropping2D of a convolution's result",
    image,
    () => [
      l.conv2d({ filters: 4, kernelSize: 1 }),
      l.cropping2D({
        cropping: [
          [0, 2],
          [1, 1],
        ],
      }),
    ],
  ],
  ["UpSampling2D", image, () => [l.upSampling2d({ size: [2, 3] })]],
  [
    "UpSampling2D bilinear",
    image,
    () => [l.conv2d({ filters: 4, kernelSize: 1 }), l.upSampling2d({ size: [2, 2], interpolation: "bilinear" })],
  ],
  ["UpSampling2D channels first", image, () => [l.upSampling2d({ size: [2, 3], dataFormat })]],

  ["ReLU", [5], () => [l.reLU()]],
  ["ReLU with a largest value", [5], () => [l.reLU({ maxValue: 0.3 })]],
  ["LeakyReLU", [5], () => [l.leakyReLU()]],
  ["LeakyReLU with alpha", image, () => [l.conv2d({ filters: 4, kernelSize: 1 }), l.leakyReLU({ alpha: 0.1 })]],
  ["PReLU", image, () => [l.prelu()]],
  ["PReLU of a convolution's result", image, () => [l.conv2d({ filters: 4, kernelSize: 2 }), l.prelu()]],
  ["PReLU shared over space", image, () => [l.conv2d({ filters: 4, kernelSize: 2 }), l.prelu({ sharedAxes: [1, 2] })]],
  ["PReLU of a flattened image", image, () => [l.conv2d({ filters: 4, kernelSize: 2 }), l.flatten(), l.prelu()]],
  ["ELU", [5], () => [l.elu()]],
  ["ThresholdedReLU", [5], () => [l.thresholdedReLU({ theta: 0.2 })]],
  ["Softmax", [5], () => [l.softmax()]],
  [
    "Softmax over several axes",
    image,
    () => [l.conv2d({ filters: 4, kernelSize: 2 }), l.softmax({ axis: [1, -1] as unknown as number })],
  ],
  ["Softmax of an image", image, () => [l.conv2d({ filters: 4, kernelSize: 2 }), l.softmax({ axis: -1 })]],
];

export const IMAGES: readonly Case[] = ROWS.map(([name, inputShape, layers]) => chain(name, inputShape, layers));
