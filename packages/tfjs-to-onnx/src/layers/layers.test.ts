import { describe, expect, it } from "vitest";
import { activationNames } from "../activations.ts";
import { graphFromLayers } from "../convert.ts";
import { expectConverts, expectSame, feedsOf, opsOf, randomise, runOnnx, runTfjs, save, tfl } from "../testing.ts";
import { LAYERS } from "./rules.ts";

const l = tfl.layers;
type Layer = Parameters<tfl.Sequential["add"]>[0];

/** An image with sides that differ, and more than one channel, so that no mistake in an axis can hide. */
const image = [6, 7, 3];
const padding = "same" as const;
const dataFormat = "channelsFirst" as const;

/** Chains of layers, each after an input of the given shape. Every option that changes a layer's result is among them. */
const CHAINS: readonly (readonly [name: string, inputShape: readonly number[], layers: () => Layer[]])[] = [
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
  ["Softmax of an image", image, () => [l.conv2d({ filters: 4, kernelSize: 2 }), l.softmax({ axis: -1 })]],
];

describe("a layer computes what TF.js computes", () => {
  it.each(CHAINS)("%s", async (name, inputShape, layers) => {
    const model = tfl.sequential({ layers: [l.inputLayer({ inputShape: [...inputShape] }), ...layers()] });
    randomise(model);
    const ops = opsOf(await expectConverts(model));
    if (name.includes("folded")) expect(ops).not.toContain("Mul");
  });

  it.each(activationNames.filter((name) => !["silu", "exponential"].includes(name)))("activation %s", async (name) => {
    // TF.js cannot load its own gelu_new from a file, but names it so in one.
    const activation = name === "hard_sigmoid" ? "hardSigmoid" : name === "log_softmax" ? "logSoftmax" : name;
    const model = tfl.sequential({
      layers: [
        l.conv2d({ inputShape: image, filters: 4, kernelSize: 2, activation: activation as "relu" }),
        l.activation({ activation: activation as "relu" }),
      ],
    });
    randomise(model);
    await expectConverts(model);
  });

  it.each([
    ["silu", (x: number) => x / (1 + Math.exp(-x))],
    ["exponential", Math.exp],
  ] as const)("activation %s of Keras", async (name, f) => {
    const model = tfl.sequential({ layers: [l.activation({ inputShape: [5], activation: "relu", name: "f" })] });
    const { json, weights } = await save(model);
    const changed = JSON.parse(JSON.stringify(json).replace('"activation":"relu"', `"activation":"${name}"`));
    const { model: onnx } = graphFromLayers(changed, weights);
    const [feed] = feedsOf(model);
    const { f: result } = await runOnnx(onnx, { f_input: feed! });
    expectSame(result!, { data: Float32Array.from(feed!.data, f), shape: feed!.shape });
  });

  it("BatchNormalization of an axis that is not the last", async () => {
    // TF.js's cpu backend gets such an axis wrong (its webgl backend does not), so the reference moves the axis.
    const input = tfl.input({ shape: image });
    const direct = l.batchNormalization({ axis: 1, name: "bn" });
    const model = tfl.model({ inputs: input, outputs: direct.apply(input) as tfl.SymbolicTensor });
    const moved = l.permute({ dims: [3, 2, 1] }).apply(input) as tfl.SymbolicTensor;
    const normed = l.batchNormalization({ name: "bn_moved" }).apply(moved) as tfl.SymbolicTensor;
    const back = l.permute({ dims: [3, 2, 1] }).apply(normed) as tfl.SymbolicTensor;
    const reference = tfl.model({ inputs: input, outputs: back });
    randomise(model);
    reference.setWeights(model.getWeights());
    const { json, weights } = await save(model);
    const { model: onnx } = graphFromLayers(json, weights);
    const [feed] = feedsOf(model);
    const { bn } = await runOnnx(onnx, { [onnx.graph.inputs[0]!.name]: feed! });
    expectSame(bn!, runTfjs(reference, [feed!])[0]!);
  });

  it("SeparableConv2D with a depth multiplier, which TF.js forgets to save and Keras saves", async () => {
    const model = tfl.sequential({
      layers: [l.separableConv2d({ inputShape: image, name: "s", filters: 5, kernelSize: 3, depthMultiplier: 2 })],
    });
    randomise(model);
    const { json, weights } = await save(model);
    const complete = JSON.parse(JSON.stringify(json).replace('"filters":5', '"filters":5,"depth_multiplier":2'));
    const { model: onnx } = graphFromLayers(complete, weights);
    const [feed] = feedsOf(model);
    const { s } = await runOnnx(onnx, { s_input: feed! });
    expectSame(s!, runTfjs(model, [feed!])[0]!);
  });

  it("of every class in the table", () => {
    const tested = CHAINS.flatMap(([, , layers]) => layers().map((layer) => layer.getClassName()));
    const merged = ["Add", "Average", "Concatenate", "Maximum", "Minimum", "Multiply", "Subtract"]; // merge.test.ts
    expect([...LAYERS.keys()].filter((name) => !tested.includes(name) && !merged.includes(name))).toEqual([]);
  });
});
