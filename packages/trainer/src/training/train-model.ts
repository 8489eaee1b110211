import { oneCycle } from "@glyphcast/onnx-train";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { type BatchPlan, stepsPerEpoch } from "../augmented-batches.ts";
import { type Dataset, firstImages, type LabelledImages, selectImages } from "../datasets/labelled-images.ts";
import { stratifiedSplit } from "../datasets/split.ts";
import { UsageError } from "../errors.ts";
import type { Architecture } from "../model/architecture.ts";
import { buildLayersModel } from "../model/layers-model.ts";
import type { Recipe } from "../recipes/recipe.ts";
import type { TrainingState } from "./checkpoint.ts";
import type { CreateEngine, Engine } from "./engine.ts";
import type { EpochRecord, Progress } from "./progress.ts";
import { trainEpochs } from "./train-epochs.ts";

/** Batches that the augmenting worker may be ahead: a fraction of a second, and a megabyte. */
const AHEAD = 8;

export interface Splits {
  readonly train: LabelledImages;
  readonly validation: LabelledImages;
}

export interface HoldOut {
  readonly seed: number;
  /** The fraction to hold out, where the source does not do so itself. */
  readonly validation: number;
  /** Of each part so many pictures are used at most. */
  readonly limit: number;
}

/** Parts the training pictures by the seed, class by class, unless the dataset comes in parts. */
export function holdOut({ train: images, validation: given }: Dataset, options: HoldOut): Splits {
  const { seed, limit } = options;
  if (given !== undefined) return { train: shared(firstImages(images, limit)), validation: firstImages(given, limit) };
  const count = Math.max(1, Math.round(images.count * options.validation));
  const { train, validation } = stratifiedSplit(images.labels, count, seed);
  return {
    train: selectImages(images, train.subarray(0, limit)),
    validation: selectImages(images, validation.subarray(0, limit)),
  };
}

/** In shared memory, as workers want it. */
const shared = (images: LabelledImages): LabelledImages =>
  selectImages(
    images,
    Uint32Array.from({ length: images.count }, (_, i) => i),
  );

export interface ModelTraining {
  readonly recipe: Recipe;
  /** The network, if it is not the recipe's. */
  readonly architecture: Architecture | undefined;
  readonly createEngine: CreateEngine;
  readonly splits: Splits;
  readonly classes: number;
  readonly seed: number;
  readonly onStart: (about: { model: LayersModel; engine: Engine }) => void;
  readonly onProgress: (progress: Progress) => void;
  readonly onEpoch: (record: EpochRecord) => void;
  /** Where to go on from. */
  readonly from?: { readonly state: TrainingState; readonly engineState: Uint8Array } | undefined;
  readonly onCheckpoint: (state: TrainingState, engineState: Uint8Array) => Promise<void>;
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
  const {
    recipe,
    architecture,
    createEngine,
    splits,
    classes,
    seed,
    onStart,
    onProgress,
    onEpoch,
    from,
    onCheckpoint,
    signal,
  } = training;
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

  const about = { imageShape: train.imageShape, classes, seed };
  const model = await (architecture?.build(about) ?? buildLayersModel(recipe.network, about));
  const engine = await createEngine(model, recipe, { classes, seed });
  try {
    if (from !== undefined) engine.restore?.(from.engineState);
    onStart({ model, engine });
    const epochs = await trainEpochs({
      engine,
      plan,
      learningRate: oneCycle({ peak, warmUp, steps: steps * recipe.epochs }),
      validate: () => engine.figuresOn(validation),
      onProgress,
      onEpoch,
      from: from?.state,
      onCheckpoint: async (state) => {
        if (engine.checkpoint) await onCheckpoint(state, engine.checkpoint());
      },
      signal,
    });
    const seconds = epochs.reduce((sum, { seconds }) => sum + seconds, 0);
    const stepping = epochs.reduce((sum, { imagesPerSecond }) => sum + (steps * recipe.batchSize) / imagesPerSecond, 0);
    const imagesPerSecond = (epochs.length * steps * recipe.batchSize) / stepping;
    await engine.exportWeights();
    return { model, engine: engine.name, epochs, seconds, imagesPerSecond };
  } finally {
    await engine.dispose();
  }
}
