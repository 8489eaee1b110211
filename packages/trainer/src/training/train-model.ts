import { oneCycle } from "@glyphcast/onnx-train";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { type BatchPlan, stepsPerEpoch } from "../augmented-batches.ts";
import { type LabelledImages, selectImages } from "../datasets/labelled-images.ts";
import { stratifiedSplit } from "../datasets/split.ts";
import { UsageError } from "../errors.ts";
import { buildLayersModel } from "../model/layers-model.ts";
import type { Recipe } from "../recipes/recipe.ts";
import type { CreateEngine, Engine } from "./engine.ts";
import type { EpochRecord, Progress } from "./progress.ts";
import { trainEpochs } from "./train-epochs.ts";

/** One picture in twelve is held out: 5,000 of MNIST's 60,000. */
const HELD_OUT = 1 / 12;

/** Batches that the augmenting worker may be ahead: a fraction of a second, and a megabyte. */
const AHEAD = 8;

export interface Splits {
  readonly train: LabelledImages;
  readonly validation: LabelledImages;
}

/** Parts the training pictures by the seed; of each part `limit` are used at most. */
export function holdOut(images: LabelledImages, { seed, limit }: { seed: number; limit: number }): Splits {
  const { train, validation } = stratifiedSplit(images.labels, Math.round(images.count * HELD_OUT), seed);
  return {
    train: selectImages(images, train.subarray(0, limit)),
    validation: selectImages(images, validation.subarray(0, limit)),
  };
}

export interface ModelTraining {
  readonly recipe: Recipe;
  readonly createEngine: CreateEngine;
  readonly splits: Splits;
  readonly classes: number;
  readonly seed: number;
  readonly onStart: (about: { model: LayersModel; engine: Engine }) => void;
  readonly onProgress: (progress: Progress) => void;
  readonly onEpoch: (record: EpochRecord) => void;
  readonly signal: AbortSignal;
}

export interface TrainedModel {
  readonly model: LayersModel;
  readonly engine: string;
  readonly epochs: readonly EpochRecord[];
  readonly seconds: number;
  /** Over the training steps alone. */
  readonly imagesPerSecond: number;
}

/** Trains the network of a recipe from the weights that the seed gives it. */
export async function trainModel(training: ModelTraining): Promise<TrainedModel> {
  const { recipe, createEngine, splits, classes, seed, onStart, onProgress, onEpoch, signal } = training;
  const { train, validation } = splits;
  const { peak, warmUp } = recipe.schedule;
  const plan: BatchPlan = {
    images: train,
    batchSize: recipe.batchSize,
    epochs: recipe.epochs,
    seed,
    augmentation: recipe.augmentation,
    ahead: AHEAD,
  };
  const steps = stepsPerEpoch(plan);
  if (steps === 0)
    throw new UsageError(
      `There are ${train.count} pictures to train on, and a step takes ${recipe.batchSize}.\n  Ask for a smaller --batch-size, or for more pictures with --limit.`,
    );

  const model = await buildLayersModel(recipe.network, { imageShape: train.imageShape, classes, seed });
  const engine = await createEngine(model, recipe, { classes, seed });
  try {
    onStart({ model, engine });
    const started = performance.now();
    const epochs = await trainEpochs({
      engine,
      plan,
      learningRate: oneCycle({ peak, warmUp, steps: steps * recipe.epochs }),
      validate: () => engine.accuracyOn(validation),
      onProgress,
      onEpoch,
      signal,
    });
    const seconds = (performance.now() - started) / 1000;
    const stepping = epochs.reduce((sum, { imagesPerSecond }) => sum + (steps * recipe.batchSize) / imagesPerSecond, 0);
    const imagesPerSecond = (epochs.length * steps * recipe.batchSize) / stepping;
    await engine.exportWeights();
    return { model, engine: engine.name, epochs, seconds, imagesPerSecond };
  } finally {
    await engine.dispose();
  }
}
