import { oneCycle } from "@glyphcast/onnx-train";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { type BatchPlan, stepsPerEpoch } from "../augmented-batches.ts";
import { type Dataset, firstImages, type LabelledImages, selectImages } from "../datasets/labelled-images.ts";
import { stratifiedSplit } from "../datasets/split.ts";
import { UsageError } from "../errors.ts";
import type { Architecture } from "../model/architecture.ts";
import { buildLayersModel } from "../model/layers-model.ts";
import { servedModel } from "../model/served-model.ts";
import type { Recipe } from "../recipes/recipe.ts";
import type { TrainingState } from "./checkpoint.ts";
import type { CreateEngine, Engine } from "./engine.ts";
import type { EpochRecord, Progress } from "./progress.ts";
import { NOTHING, trainEpochs } from "./train-epochs.ts";

/** Batches that the augmenting worker may be ahead: a fraction of a second, and a megabyte. */
const AHEAD = 8;

export interface Splits {
  readonly train: LabelledImages;
  readonly validation: LabelledImages;
}

export interface HoldOut {
  readonly seed: number;
  /** The fraction to hold out, where the source does not do so itself; 0 for nothing. */
  readonly validation: number;
  /** Of each part so many pictures are used at most. */
  readonly limit: number;
}

/** Parts the training pictures by the seed, class by class, unless the dataset comes in parts. */
export function holdOut({ train: images, validation: given }: Dataset, options: HoldOut): Splits {
  const { seed, limit } = options;
  if (given !== undefined) return { train: shared(firstImages(images, limit)), validation: firstImages(given, limit) };
  const count = options.validation === 0 ? 0 : Math.max(1, Math.round(images.count * options.validation));
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
  /** Told before the first step of each network, which count from 0. */
  readonly onStart: (about: { model: LayersModel; engine: Engine; network: number; networks: number }) => void;
  readonly onProgress: (progress: Progress) => void;
  readonly onEpoch: (record: EpochRecord) => void;
  /** Where to go on from. */
  readonly from?:
    | {
        readonly state: TrainingState;
        readonly engineState: Uint8Array;
        /** Of each network that is done. */
        readonly networks: readonly Uint8Array[];
      }
    | undefined;
  readonly onCheckpoint: (state: TrainingState, engineState: Uint8Array) => Promise<void>;
  /** Told what the engine keeps of a network that is done, where more are to come. */
  readonly onNetwork: (network: number, engineState: Uint8Array) => Promise<void>;
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

/**
 * Trains the network of a recipe from the weights that the seed gives it; or several, one after the other, into one that
 * averages them.
 */
export async function trainModel(training: ModelTraining): Promise<TrainedModel> {
  const { recipe, architecture, splits, from } = training;
  const { train } = splits;
  const steps = stepsPerEpoch({ images: train, batchSize: recipe.batchSize });
  if (steps === 0)
    throw new UsageError(
      `There are ${train.count} pictures to train on, and a step takes ${recipe.batchSize}.\n  Ask for a smaller --batch-size, or for more pictures with --limit.`,
    );

  const networks = architecture === undefined ? (recipe.networks ?? 1) : 1;
  const models: LayersModel[] = [];
  const epochs: EpochRecord[] = [];
  let engine = "";
  for (let network = 0; network < networks; network++) {
    const trained = await trainNetwork(training, { network, networks, before: epochs, done: from?.networks[network] });
    models.push(trained.model);
    epochs.push(...trained.epochs);
    engine = trained.engine;
  }
  const seconds = epochs.reduce((sum, { seconds }) => sum + seconds, 0);
  const stepping = epochs.reduce((sum, { imagesPerSecond }) => sum + (steps * recipe.batchSize) / imagesPerSecond, 0);
  const imagesPerSecond = (epochs.length * steps * recipe.batchSize) / stepping;
  const model = await servedModel(models, architecture === undefined ? recipe : {});
  return { model, engine, epochs, seconds, imagesPerSecond };
}

interface Place {
  readonly network: number;
  readonly networks: number;
  /** The epochs of the networks before. */
  readonly before: readonly EpochRecord[];
  /** What the engine kept of this network, if it is done. */
  readonly done: Uint8Array | undefined;
}

/** Trains one of the networks, and numbers its epochs after those before. */
async function trainNetwork(
  training: ModelTraining,
  { network, networks, before, done }: Place,
): Promise<Pick<TrainedModel, "model" | "engine" | "epochs">> {
  const { recipe, architecture, createEngine, splits, classes, from, signal } = training;
  const { train, validation } = splits;
  const seed = training.seed + network;
  const about = { imageShape: train.imageShape, classes, seed };
  const model = await (architecture?.build(about) ?? buildLayersModel(recipe.network, about));
  const engine = await createEngine(model, recipe, { classes, seed });
  try {
    const records = from?.state.records.slice(before.length, before.length + recipe.epochs) ?? [];
    if (done !== undefined) {
      engine.restore?.(done);
      await engine.exportWeights();
      return { model, engine: engine.name, epochs: records };
    }
    const own = {
      records: records.map((record) => numbered(record, -before.length)),
      epoch: from?.state.epoch ?? NOTHING,
    };
    const goesOn = network === from?.networks.length && (records.length > 0 || own.epoch.steps > 0);
    if (goesOn) engine.restore?.(from.engineState);
    training.onStart({ model, engine, network, networks });

    const plan: BatchPlan = {
      images: train,
      batchSize: recipe.batchSize,
      epochs: recipe.epochs,
      seed,
      augmentation: recipe.augmentation,
      ahead: AHEAD,
    };
    const steps = stepsPerEpoch(plan);
    const { peak, warmUp } = recipe.schedule;
    const epochs = await trainEpochs({
      engine,
      plan,
      learningRate: oneCycle({ peak, warmUp, steps: steps * recipe.epochs }),
      validate: async () => (validation.count === 0 ? undefined : engine.figuresOn(validation)),
      onProgress: (progress) => {
        const imagesToCome = (networks - network - 1) * recipe.epochs * steps * recipe.batchSize;
        const remainingSeconds = progress.remainingSeconds + imagesToCome / progress.imagesPerSecond;
        training.onProgress({
          ...numbered(progress, before.length),
          epochs: networks * recipe.epochs,
          remainingSeconds,
        });
      },
      onEpoch: (record) => training.onEpoch(numbered(record, before.length)),
      from: goesOn ? own : undefined,
      onCheckpoint: async ({ records, epoch }) => {
        const all = [...before, ...records.map((record) => numbered(record, before.length))];
        if (engine.checkpoint) await training.onCheckpoint({ records: all, epoch }, engine.checkpoint());
      },
      signal,
    });
    await engine.exportWeights();
    if (engine.checkpoint && network + 1 < networks) await training.onNetwork(network, engine.checkpoint());
    return { model, engine: engine.name, epochs: epochs.map((record) => numbered(record, before.length)) };
  } finally {
    await engine.dispose();
  }
}

/** Counts an epoch on from those of other networks. */
const numbered = <T extends { readonly epoch: number }>(at: T, from: number): T => ({ ...at, epoch: from + at.epoch });
