process.env.ORT_DISABLE_TELEMETRY = "1";

import "@tensorflow/tfjs-backend-cpu";
import { encodeModel, sizeOf, type Tensor } from "@glyphcast/onnx";
import {
  adamW,
  buildTrainStep,
  type OnnxRuntime,
  randomWords,
  softmaxCrossEntropy,
  TrainSession,
} from "@glyphcast/onnx-train";
import { graphFromLayers, weightsFromParameters } from "@glyphcast/tfjs-to-onnx";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import type { Tensor as OrtTensor } from "onnxruntime-common";
import { beforeAll, describe, expect, it } from "vitest";

const CLASSES = 4;
const BATCH = 6;
const SMOOTHING = 0.1;

let ort: OnnxRuntime;
beforeAll(async () => {
  ort = (await import("onnxruntime-node")) as unknown as OnnxRuntime;
  await tf.setBackend("cpu");
});

/** The digit CNN in small: each of its operators, with its strides and paddings. */
function smallCnn(): tfl.LayersModel {
  const { layers } = tfl;
  const block = (name: string, filters: number, kernelSize: number, options: object = {}) => [
    layers.conv2d({ name, filters, kernelSize, padding: "same", useBias: false, ...options }),
    layers.batchNormalization({ name: `${name}_bn`, momentum: 0.9 }),
    layers.activation({ name: `${name}_relu`, activation: "relu" }),
  ];
  const [first, ...rest] = block("c1", 4, 5, { strides: 2, inputShape: [12, 12, 1] });
  return tfl.sequential({
    layers: [
      first!,
      ...rest,
      ...block("c2", 6, 3),
      layers.maxPooling2d({ name: "p1", poolSize: 2 }),
      ...block("c3", 5, 3, { padding: "valid" }),
      layers.flatten({ name: "flat" }),
      layers.dense({ name: "head", units: CLASSES, activation: "softmax" }),
    ],
  });
}

async function jsonAndWeights(model: tfl.LayersModel) {
  const weights = new Map<string, Tensor>();
  for (const { originalName, shape } of model.weights) {
    const index = model.weights.findIndex((weight) => weight.originalName === originalName);
    const data = (await model.getWeights()[index]!.data()) as Float32Array;
    weights.set(originalName, { dtype: "float32", shape: shape as number[], data: Float32Array.from(data) });
  }
  return { json: model.toJSON(null, false), weights };
}

describe("one step of the small CNN", () => {
  it("has TF.js's loss, gradients and updated weights", async () => {
    const words = randomWords(3);
    const random = (size: number) => Float32Array.from({ length: size }, () => words() / 2 ** 32);
    const model = smallCnn();
    model.setWeights(
      model.getWeights().map(({ shape }, i) => {
        const scale = model.weights[i]!.name.includes("kernel") ? 0.8 : 1;
        const offset = model.weights[i]!.name.includes("kernel") ? -0.5 : 0.5;
        return tf.tensor(
          random(sizeOf(shape)).map((value) => (value + offset) * scale),
          shape,
        );
      }),
    );
    const images = random(BATCH * 144);
    const labels = Uint8Array.from({ length: BATCH }, () => words() % CLASSES);

    const { json, weights } = await jsonAndWeights(model);
    const { model: forward, origins } = graphFromLayers(json, weights, { training: true });
    const input = forward.graph.inputs[0]!.name;
    const step = buildTrainStep(forward, {
      loss: softmaxCrossEntropy({ labelSmoothing: SMOOTHING }),
      optimiser: adamW({ weightDecay: 0 }),
      prediction: "logits",
      dims: { batch: BATCH },
      gradients: true,
    });

    const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
    const { value, grads } = tf.variableGrads(() => {
      const probabilities = model.apply(tf.tensor(images, [BATCH, 12, 12, 1]), { training: true }) as tf.Tensor;
      const chosen = tf.oneHot(tf.tensor1d(labels, "int32"), CLASSES);
      const targets = tf.add(tf.mul(chosen, 1 - SMOOTHING), SMOOTHING / CLASSES);
      return tf.mul(tf.sum(tf.mul(targets, tf.log(probabilities))), -1 / BATCH) as tf.Scalar;
    }, variables);

    const feeds: Record<string, OrtTensor> = {
      [input]: new ort.Tensor("float32", images, [BATCH, 12, 12, 1]),
      labels: new ort.Tensor("int64", BigInt64Array.from(labels, BigInt), [BATCH]),
      learningRate: new ort.Tensor("float32", Float32Array.of(0.01), []),
    };
    for (const [name, { data, shape }] of step.initial)
      feeds[name] = new ort.Tensor("float32", data as Float32Array, shape);
    const session = await ort.InferenceSession.create(encodeModel(step.model));
    const results = await session.run(feeds);

    // One step's sums run over at most a few hundred float32 products.
    expect(results.loss!.data as Float32Array).toBeAllClose(value.dataSync(), { rtol: 1e-5 });
    const emitted = new Map(
      step.outputs
        .filter(({ role }) => role === "gradient")
        .map(({ name, of, shape }) => [
          of!,
          { dtype: "float32", shape, data: results[name]!.data as Float32Array } as Tensor,
        ]),
    );
    const gradients = weightsFromParameters(
      origins.filter(({ initializer }) => emitted.has(initializer)),
      emitted,
    );
    expect(gradients.size).toBe(variables.length);
    for (const [index, weight] of model.trainableWeights.entries()) {
      const expected = grads[variables[index]!.name]!.dataSync() as Float32Array;
      const scale = expected.reduce((most, one) => Math.max(most, Math.abs(one)), 0);
      const received = gradients.get(weight.originalName)!.data as Float32Array;
      expect(received).toBeAllClose(expected, { rtol: 1e-4, atol: 1e-5 * Math.max(1, scale) });
    }

    // Adam's first step is the sign of the gradient, softened by ε: −lr·g/(|g| + ε).
    const trained = await TrainSession.create(ort, step);
    await trained.step({ [input]: images }, labels, 0.01);
    const after = weightsFromParameters(origins, trained.parameters());
    for (const [index, weight] of model.trainableWeights.entries()) {
      const before = variables[index]!.dataSync();
      const gradient = grads[variables[index]!.name]!.dataSync();
      const expected = before.map((one, i) => one - (0.01 * gradient[i]!) / (Math.abs(gradient[i]!) + 1e-8));
      // Where a gradient is rounding noise, its sign is too.
      const certain = [...gradient.keys()].filter((i) => Math.abs(gradient[i]!) > 1e-5);
      const received = after.get(weight.originalName)!.data as Float32Array;
      expect(certain.map((i) => received[i]!)).toBeAllClose(
        certain.map((i) => expected[i]!),
        { atol: 2e-5 },
      );
    }
    await trained.release();
  });
});
