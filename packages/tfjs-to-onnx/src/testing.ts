// What the tests share: real TF.js models saved as TF.js saves them, and real onnxruntime to run what comes out.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import "@tensorflow/tfjs-backend-cpu";
import { encodeModel, type Model, type Tensor } from "@glyphcast/onnx";
import * as tfc from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { expect } from "vitest";
import { type ConvertOptions, graphFromLayers } from "./convert.ts";
import { weightsFromBytes } from "./weights.ts";

process.env.ORT_DISABLE_TELEMETRY = "1";
const ort = await import("onnxruntime-node");

export interface Saved {
  readonly json: unknown;
  readonly weights: Map<string, Tensor>;
}

/** Numbers in [-1, 1) that depend on the seed alone. */
export function noiseOf(seed: number, size: number): Float32Array {
  let state = seed * 2654435761 + 1;
  return Float32Array.from({ length: size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** Gives every weight a value, so that none is a zero or a one that hides a mistake. */
export function randomise(model: tfl.LayersModel, seed = 1): void {
  const values = model.getWeights().map((weight, i) => {
    const noise = noiseOf(seed + i, weight.size);
    const variance = model.weights[i]!.name.includes("variance");
    return tfc.tensor(variance ? noise.map((value) => 1.1 + value) : noise, weight.shape);
  });
  model.setWeights(values);
  tfc.dispose(values);
}

/** What `model.save` hands to an IO handler, as this package reads it. */
export async function save(model: tfl.LayersModel): Promise<Saved> {
  let saved: Saved | undefined;
  await model.save({
    save: async ({ modelTopology, weightSpecs, weightData, ...fields }) => {
      const { ...json } = JSON.parse(JSON.stringify({ ...fields, modelTopology }));
      saved = { json, weights: weightsFromBytes(weightSpecs, weightData as ArrayBuffer) };
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } };
    },
  });
  return saved!;
}

/** Writes a model as the file handler of tfjs-node does; returns the path of model.json. */
export async function saveFiles(model: tfl.LayersModel, folder: string): Promise<string> {
  await model.save({
    save: async ({ weightSpecs, weightData, ...artifacts }) => {
      const weightsManifest = [{ paths: ["weights.bin"], weights: weightSpecs }];
      await writeFile(join(folder, "weights.bin"), new Uint8Array(weightData as ArrayBuffer));
      await writeFile(join(folder, "model.json"), JSON.stringify({ ...artifacts, weightsManifest }));
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } };
    },
  });
  return join(folder, "model.json");
}

export interface Feed {
  readonly data: Float32Array | Uint8Array | Int32Array;
  readonly shape: readonly number[];
}

/** Runs a model on onnxruntime's CPU; returns its outputs by name. */
export async function runOnnx(model: Model, feeds: Readonly<Record<string, Feed>>): Promise<Record<string, Feed>> {
  const session = await ort.InferenceSession.create(encodeModel(model), { logSeverityLevel: 3, intraOpNumThreads: 1 });
  try {
    const tensors = Object.entries(feeds).map(([name, { data, shape }]) => {
      const type = data instanceof Uint8Array ? "uint8" : data instanceof Int32Array ? "int32" : "float32";
      return [name, new ort.Tensor(type, data, shape)] as const;
    });
    const results = await session.run(Object.fromEntries(tensors));
    return Object.fromEntries(
      Object.entries(results).map(([name, { data, dims }]) => [name, { data: data as Float32Array, shape: dims }]),
    );
  } finally {
    await session.release();
  }
}

/**
 * Two answers agree when they differ by less than 1e-5 of their scale, which is what float32 sums leave. The inputs are
 * near 1: where an answer is much less, it is what a sum of such numbers has left over.
 */
export function expectSame(received: Feed, expected: Feed, tolerance = 1e-5): void {
  expect(received.shape).toEqual(expected.shape);
  const scale = Array.from(expected.data).reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-2);
  expect(received.data).toBeAllClose(expected.data, { rtol: 0, atol: tolerance * scale });
}

/** What TF.js answers, by the names that the converted model has. */
export function runTfjs(
  model: tfl.LayersModel,
  feeds: readonly Feed[],
  { training = false }: { training?: boolean } = {},
): Feed[] {
  return tfc.tidy(() => {
    const inputs = feeds.map(({ data, shape }) => tfc.tensor(data, [...shape]));
    const whole = inputs.length === 1 ? inputs[0]! : inputs;
    // With arguments of its own, `apply` hands a recurrent layer's initial states on to those that have none.
    const outputs = [training ? model.apply(whole, { training }) : model.predict(whole)].flat() as tfc.Tensor[];
    return outputs.map((output) => ({ data: output.dataSync() as Float32Array, shape: output.shape }));
  });
}

/**
 * Converts a model and compares every output with TF.js's, on two batch sizes.
 * Returns the converted model, for what else a test has to say of it.
 */
export async function expectConverts(
  model: tfl.LayersModel,
  options: ConvertOptions = {},
  feedsFor: (model: tfl.LayersModel, batch: number) => readonly Feed[] = feedsOf,
  tolerance?: number,
): Promise<Model> {
  const { json, weights } = await save(model);
  const { model: onnx } = graphFromLayers(json, weights, options);
  for (const batch of [1, 3]) {
    const feeds = feedsFor(model, batch);
    const expected = runTfjs(model, feeds);
    const results = await runOnnx(onnx, Object.fromEntries(feeds.map((feed, i) => [onnx.graph.inputs[i]!.name, feed])));
    for (const [i, { name }] of onnx.graph.outputs.entries()) expectSame(results[name]!, expected[i]!, tolerance);
  }
  return onnx;
}

/** A random input for each of the model's, with `batch` examples. */
export const feedsOf = (model: tfl.LayersModel, batch = 2, seed = 7): Feed[] =>
  model.inputs.map((input, i) => {
    const shape = input.shape.map((dim, axis) => dim ?? (axis === 0 ? batch : 5));
    return {
      data: noiseOf(
        seed + i,
        shape.reduce((size, dim) => size * dim, 1),
      ),
      shape,
    };
  });

export const opsOf = ({ graph }: Model): string[] => graph.nodes.map(({ op }) => op);

/** The digit CNN's shape, with `width` filters in its first layer. */
export function digitModel({ width = 16, dropout = false, size = 28 } = {}): tfl.Sequential {
  const { conv2d, batchNormalization, activation, maxPooling2d, flatten, dense, dropout: drop } = tfl.layers;
  const block = (i: number, filters: number, options: { strides?: number; kernelSize?: number; padding?: "valid" }) => [
    conv2d({ name: `conv${i}`, filters, kernelSize: 3, padding: "same", useBias: false, ...options }),
    batchNormalization({ name: `bn${i}`, momentum: 0.9 }),
    activation({ name: `relu${i}`, activation: "relu" }),
  ];
  const first = conv2d({
    inputShape: [size, size, 1],
    name: "conv1",
    filters: width,
    kernelSize: 5,
    strides: 2,
    padding: "same",
    useBias: false,
  });
  return tfl.sequential({
    layers: [
      first,
      ...block(1, width, {}).slice(1),
      ...block(2, 2 * width, {}),
      maxPooling2d({ name: "pool2", poolSize: 2 }),
      ...block(3, 4 * width, {}),
      maxPooling2d({ name: "pool3", poolSize: 2 }),
      ...block(4, 6 * width, { padding: "valid" }),
      flatten({ name: "flatten" }),
      ...(dropout ? [drop({ name: "dropout", rate: 0.25 })] : []),
      dense({ name: "dense", units: 10, activation: "softmax" }),
    ],
  });
}

export { tfc, tfl };
