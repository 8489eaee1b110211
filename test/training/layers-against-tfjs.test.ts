process.env.ORT_DISABLE_TELEMETRY = "1";

import "@tensorflow/tfjs-backend-cpu";
import { encodeModel, sizeOf, type Tensor } from "@glyphcast/onnx";
import { buildTrainStep, meanSquaredError, type OnnxRuntime, randomWords, sgd } from "@glyphcast/onnx-train";
import { graphFromLayers, weightsFromParameters } from "@glyphcast/tfjs-to-onnx";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import type { Tensor as OrtTensor } from "onnxruntime-common";
import { beforeAll, describe, expect, it } from "vitest";

const BATCH = 3;
const UNITS = 2;

let ort: OnnxRuntime;
beforeAll(async () => {
  ort = (await import("onnxruntime-node")) as unknown as OnnxRuntime;
  await tf.setBackend("cpu");
});

const words = randomWords(11);
const random = (size: number) => Float32Array.from({ length: size }, () => (words() / 2 ** 31 - 1) * 0.8);

const { layers } = tfl;
/** TF.js's own, an orthogonal matrix, asks for methods of tensors that tfjs-core alone does not have. */
const recurrentInitializer = "zeros";

const head = () => layers.dense({ name: "head", units: UNITS });

/** What stands between the input, of this shape, and a dense layer. */
const NETWORKS: Readonly<Record<string, readonly [shape: number[], make: () => tfl.layers.Layer[]]>> = {
  "LSTM with TF.js's hard sigmoid": [[4, 3], () => [layers.lstm({ units: 5, recurrentInitializer })]],
  "two LSTMs, the first with all its steps": [
    [4, 3],
    () => [
      layers.lstm({ units: 4, returnSequences: true, recurrentActivation: "sigmoid", recurrentInitializer }),
      layers.lstm({ units: 3, recurrentInitializer }),
    ],
  ],
  "GRU that resets before its product": [[4, 3], () => [layers.gru({ units: 5, recurrentInitializer })]],
  "SimpleRNN backwards": [[4, 3], () => [layers.simpleRNN({ units: 5, goBackwards: true, recurrentInitializer })]],
  "Bidirectional LSTM": [
    [4, 3],
    () => [
      layers.bidirectional({ layer: layers.lstm({ units: 3, recurrentInitializer }) as tfl.RNN, mergeMode: "concat" }),
    ],
  ],
  "TimeDistributed and LayerNormalization": [
    [4, 3],
    () => [
      layers.timeDistributed({ layer: layers.dense({ units: 5 }) }),
      layers.layerNormalization(),
      layers.flatten(),
    ],
  ],
  "separable convolution, PReLU, average pool": [
    [6, 6, 2],
    () => [
      layers.separableConv2d({ filters: 4, kernelSize: 3, padding: "same" }),
      layers.prelu({ alphaInitializer: "zeros" }),
      layers.averagePooling2d({ poolSize: 2 }),
      layers.flatten(),
    ],
  ],
  "depthwise and transposed convolution, ELU": [
    [5, 5, 2],
    () => [
      layers.depthwiseConv2d({ kernelSize: 3, strides: 2, padding: "same" }),
      layers.elu(),
      layers.conv2dTranspose({ filters: 3, kernelSize: 3, strides: 2, padding: "same" }),
      layers.globalAveragePooling2d({}),
    ],
  ],
  "Conv1D, padding, LeakyReLU, global maximum": [
    [8, 3],
    () => [
      layers.conv1d({ filters: 6, kernelSize: 3 }),
      layers.leakyReLU({ alpha: 0.1 }),
      layers.globalMaxPooling1d({}),
    ],
  ],
};

describe.each(Object.entries(NETWORKS))("%s", (_, [shape, make]) => {
  it("has TF.js's loss and gradients", async () => {
    const x = tfl.input({ shape });
    const last = [...make(), head()].reduce((value, layer) => layer.apply(value) as tfl.SymbolicTensor, x);
    const model = tfl.model({ inputs: x, outputs: last });
    model.setWeights(model.getWeights().map(({ shape }) => tf.tensor(random(sizeOf(shape)), shape)));
    const [data, labels] = [random(BATCH * sizeOf(shape)), random(BATCH * UNITS)];

    const weights = new Map<string, Tensor>();
    for (const weight of model.weights)
      weights.set(weight.originalName, {
        dtype: "float32",
        shape: weight.shape as number[],
        data: (await weight.read().data<"float32">()).slice(),
      });
    const { model: forward, origins } = graphFromLayers(model.toJSON(null, false), weights, { training: true });
    const input = forward.graph.inputs[0]!.name;
    const step = buildTrainStep(forward, {
      loss: meanSquaredError(),
      optimiser: sgd(),
      dims: { batch: BATCH },
      gradients: true,
    });

    const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
    const { value, grads } = tf.variableGrads(() => {
      const prediction = model.apply(tf.tensor(data, [BATCH, ...shape]), { training: true }) as tf.Tensor;
      return tf.mean(tf.squaredDifference(prediction, tf.tensor(labels, [BATCH, UNITS]))) as tf.Scalar;
    }, variables);

    const feeds: Record<string, OrtTensor> = {
      [input]: new ort.Tensor("float32", data, [BATCH, ...shape]),
      labels: new ort.Tensor("float32", labels, [BATCH, UNITS]),
      learningRate: new ort.Tensor("float32", Float32Array.of(0), []),
    };
    for (const [name, { data, shape }] of step.initial)
      feeds[name] = new ort.Tensor("float32", data as Float32Array, shape);
    const session = await ort.InferenceSession.create(encodeModel(step.model), { logSeverityLevel: 3 });
    const results = await session.run(feeds);
    await session.release();

    // float32 on both sides; TF.js takes other ways through the same sums.
    const tolerance = { rtol: 1e-4, atol: 1e-5 };
    expect(results.loss!.data as Float32Array).toBeAllClose(value.dataSync(), tolerance);
    const emitted = new Map(
      step.outputs
        .filter(({ role }) => role === "gradient")
        .map(({ name, of, shape }) => [of!, { dtype: "float32", shape, data: results[name]!.data } as Tensor]),
    );
    const gradients = weightsFromParameters(
      origins.filter(({ initializer }) => emitted.has(initializer)),
      emitted,
    );
    expect([...gradients.keys()].sort()).toEqual(model.trainableWeights.map(({ originalName }) => originalName).sort());
    for (const [index, weight] of model.trainableWeights.entries())
      expect(gradients.get(weight.originalName)!.data as Float32Array).toBeAllClose(
        grads[variables[index]!.name]!.dataSync<"float32">(),
        tolerance,
      );
  });
});
