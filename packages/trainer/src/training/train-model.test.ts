import type { LayersModel } from "@tensorflow/tfjs-layers";
import { expect, it } from "vitest";
import type { LabelledImages } from "../datasets/labelled-images.ts";
import { randomStream } from "../random.ts";
import { digitsFast } from "../recipes/digits-fast.ts";
import type { Recipe } from "../recipes/recipe.ts";
import type { TrainingState } from "./checkpoint.ts";
import { createOnnxruntimeEngine } from "./onnxruntime-engine.ts";
import type { EpochRecord } from "./progress.ts";
import { type ModelTraining, trainModel } from "./train-model.ts";

const recipe: Recipe = {
  ...digitsFast,
  network: [
    { kind: "conv", filters: 2, kernel: 3, pool: 4 },
    { kind: "dense", units: "classes" },
  ],
  epochs: 2,
  batchSize: 10,
};
const noise = randomStream(8);
const images = (count: number): LabelledImages => ({
  pixels: new Uint8Array(new SharedArrayBuffer(count * 64)).map(() => noise() * 256),
  labels: new Uint8Array(new SharedArrayBuffer(count)).map((_, i) => i % 3),
  count,
  imageShape: [8, 8],
});
const splits = { train: images(30), validation: images(6) };
const NOTHING = { ...splits.validation, pixels: new Uint8Array(), labels: new Uint8Array(), count: 0 };

/** All that a training tells, besides what it gives. */
interface Told {
  readonly epochs: EpochRecord[];
  readonly checkpoints: { state: TrainingState; engineState: Uint8Array; networks: Uint8Array[] }[];
}

async function train(changes: Partial<ModelTraining>, told: Told = { epochs: [], checkpoints: [] }) {
  const networks: Uint8Array[] = [...(changes.from?.networks ?? [])];
  const trained = await trainModel({
    recipe,
    architecture: undefined,
    createEngine: createOnnxruntimeEngine,
    splits,
    classes: 3,
    seed: 5,
    onStart: () => {},
    onProgress: ({ epoch, epochs }) => expect(epoch).toBeLessThanOrEqual(epochs),
    onEpoch: (record) => told.epochs.push(record),
    onCheckpoint: async (state, engineState) => {
      told.checkpoints.push(structuredClone({ state, engineState, networks }));
    },
    onNetwork: async (network, engineState) => {
      networks[network] = engineState.slice();
    },
    signal: new AbortController().signal,
    ...changes,
  });
  return { ...trained, told, weights: weightsOf(trained.model) };
}

const weightsOf = (model: LayersModel): Map<string, Float32Array> =>
  new Map(model.weights.map((weight) => [weight.originalName, weight.read().dataSync<"float32">().slice()]));

it("trains several networks as each would be trained alone", async () => {
  const together = await train({ recipe: { ...recipe, networks: 2 } });
  const [first, second] = [await train({ seed: 5 }), await train({ seed: 6 })];
  for (const [name, weight] of together.weights) {
    if (name.startsWith("logits/")) continue; // one dense layer for both
    const alone = name.startsWith("network1_") ? first : second;
    expect(weight, name).toEqual(alone.weights.get(name.replace(/^network\d_/, "")));
  }
  expect(together.epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4]);
  expect(together.told.epochs).toEqual(together.epochs);
  expect(together.epochs.map(({ loss }) => loss)).toEqual([...first.epochs, ...second.epochs].map(({ loss }) => loss));
});

it("goes on from every checkpoint to the same weights", async () => {
  const whole = await train({ recipe: { ...recipe, networks: 2 } });
  // One after each epoch, the second of them when a network is done and another one has not begun.
  expect(whole.told.checkpoints.map(({ networks }) => networks.length)).toEqual([0, 0, 1, 1]);
  for (const from of whole.told.checkpoints) {
    const resumed = await train({ recipe: { ...recipe, networks: 2 }, from });
    expect(resumed.weights).toEqual(whole.weights);
    expect(resumed.epochs.map(({ loss, epoch }) => [epoch, loss])).toEqual(
      whole.epochs.map(({ loss, epoch }) => [epoch, loss]),
    );
  }
  // The same when it was stopped between a network's end and the next one's first step.
  const [, done] = whole.told.checkpoints;
  const resumed = await train({
    recipe: { ...recipe, networks: 2 },
    from: { ...done!, networks: [done!.engineState] },
  });
  expect(resumed.weights).toEqual(whole.weights);
});

it("does without held-out pictures", async () => {
  const { epochs } = await train({ splits: { ...splits, validation: NOTHING } });
  expect(epochs).toHaveLength(2);
  for (const record of epochs) expect(record).not.toHaveProperty("validationAccuracy");
});
