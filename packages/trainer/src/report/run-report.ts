import { oneCycle } from "@glyphcast/onnx-train";
import type { Step } from "@glyphcast/preprocess";
import type { FileDigest } from "@glyphcast/runtime";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { createAugment } from "../augment/augment.ts";
import { stepsPerEpoch } from "../augmented-batches.ts";
import { bytesPerImage, type Dataset, type ImageShape, type LabelledImages } from "../datasets/labelled-images.ts";
import { type Calibration, calibration } from "../evaluation/calibration.ts";
import { type ClassReport, classReport } from "../evaluation/class-report.ts";
import type { Judgement } from "../evaluation/judge.ts";
import { argMax } from "../evaluation/metrics.ts";
import { withoutTemperature } from "../evaluation/temperature.ts";
import type { Recipe } from "../recipes/recipe.ts";
import type { EpochRecord } from "../training/progress.ts";
import type { Splits } from "../training/train-model.ts";
import { type Picture, pictureOf } from "./picture.ts";
import { type StressSection, stressSection } from "./stress-section.ts";
import type { Summary } from "./summary.ts";

/** A test picture with what the model says of it. */
export interface ShownPicture {
  /** Its place among the test pictures. */
  readonly index: number;
  readonly truth: string;
  readonly guess: string;
  /** The three likeliest classes. */
  readonly candidates: readonly { readonly label: string; readonly probability: number }[];
  readonly picture: Picture;
}

/** The recipe that a run followed; its network may be a file's. */
export type SettledRecipe = Omit<Recipe, "network"> & {
  readonly network: Recipe["network"] | (FileDigest & { readonly file: string });
};

/** What the model card says besides the figures. */
export interface About {
  readonly imageShape: ImageShape;
  readonly preprocess: readonly Step[];
  readonly rejectBelow: number;
  /** Pictures that were trained on, in all and of each class. */
  readonly training: number;
  readonly perClass: readonly number[];
  readonly heldOut: number;
  /** Pictures that could not be read. */
  readonly skipped: number;
  readonly limit: number | undefined;
  /** Of the data, where it is known. */
  readonly licence: string | undefined;
}

/** All that the report shows: `report.json`, from which `report.html` is made. */
export interface RunReport {
  readonly schemaVersion: 1;
  readonly id: string;
  readonly labels: readonly string[];
  readonly summary: Summary;
  readonly recipe: SettledRecipe;
  readonly about: About;
  readonly epochs: readonly EpochRecord[];
  /** The learning rate by epochs done. */
  readonly learningRates: readonly (readonly [epoch: number, rate: number])[];
  readonly confusion: readonly (readonly number[])[];
  readonly classes: ClassReport;
  readonly calibration: Calibration;
  /** Without the temperature, where there is one. */
  readonly uncalibrated?: Calibration | undefined;
  /** Surest first. */
  readonly misread: readonly ShownPicture[];
  /** How many there are, if not all are shown. */
  readonly misreadInAll: number;
  /** Right, but least sure. */
  readonly doubtful: readonly ShownPicture[];
  /** A row for each picture: as it is, then as it was seen in epochs. */
  readonly augmented: Picture;
  /** The first layer's kernels, where it is a convolution. */
  readonly filters: Picture | undefined;
  /** Where the recipe asked for a stress test. */
  readonly stress: StressSection | undefined;
}

export interface RunReportParts {
  readonly id: string;
  readonly dataset: Dataset;
  readonly rejectBelow: number;
  readonly limit: number | undefined;
  readonly summary: Summary;
  readonly recipe: SettledRecipe;
  readonly epochs: readonly EpochRecord[];
  readonly splits: Splits;
  readonly model: LayersModel;
  readonly test: LabelledImages;
  readonly judgement: Judgement;
}

/** A page of more pictures is slow to open. */
const MOST_MISREAD = 500;
const DOUBTFUL = 24;
const RATES = 200;
const SAMPLES = { pictures: 6, epochs: 9 };

export async function buildRunReport(parts: RunReportParts): Promise<RunReport> {
  const { id, dataset, summary, recipe, epochs, splits, model, test, judgement } = parts;
  const { labels } = dataset;
  const { evaluation, probabilities } = judgement;
  const temperature = summary.calibration?.temperature;
  const answers = answersOf(probabilities, labels.length);
  const wrong = answers.filter(({ index, guess }) => guess !== test.labels[index]).sort((a, b) => b.sure - a.sure);
  const right = answers.filter(({ index, guess }) => guess === test.labels[index]).sort((a, b) => a.sure - b.sure);
  const show = (of: readonly Answer[]): Promise<ShownPicture[]> =>
    Promise.all(of.map((answer) => shownPicture(answer, test, probabilities, labels)));
  return {
    schemaVersion: 1,
    id,
    labels,
    summary,
    recipe,
    about: aboutOf(parts),
    epochs,
    learningRates: learningRates(recipe, splits.train.count),
    confusion: evaluation.confusion,
    classes: classReport(evaluation),
    calibration: calibration(probabilities, test.labels, labels.length),
    uncalibrated:
      temperature === undefined
        ? undefined
        : calibration(withoutTemperature(probabilities, labels.length, temperature), test.labels, labels.length),
    misread: await show(wrong.slice(0, MOST_MISREAD)),
    misreadInAll: wrong.length,
    doubtful: await show(right.slice(0, DOUBTFUL)),
    augmented: await augmentedSamples(splits.train, recipe, summary.seed),
    filters: await firstFilters(model),
    stress: summary.stress && (await stressSection(summary.stress, test)),
  };
}

function aboutOf({ dataset, splits, rejectBelow, limit }: RunReportParts): About {
  const perClass = dataset.labels.map(() => 0);
  for (const label of splits.train.labels) perClass[label]!++;
  return {
    imageShape: dataset.imageShape,
    preprocess: dataset.preprocess,
    rejectBelow,
    training: splits.train.count,
    perClass,
    heldOut: splits.validation.count,
    skipped: dataset.skipped.length,
    limit,
    licence: dataset.licence,
  };
}

interface Answer {
  readonly index: number;
  readonly guess: number;
  readonly sure: number;
}

function answersOf(probabilities: Float32Array, classes: number): Answer[] {
  return Array.from({ length: probabilities.length / classes }, (_, index) => {
    const guess = argMax(probabilities, index * classes, classes);
    return { index, guess, sure: probabilities[index * classes + guess]! };
  });
}

async function shownPicture(
  { index, guess }: Answer,
  test: LabelledImages,
  probabilities: Float32Array,
  labels: readonly string[],
): Promise<ShownPicture> {
  const size = bytesPerImage(test.imageShape);
  const row = probabilities.subarray(index * labels.length, (index + 1) * labels.length);
  const candidates = Array.from(row, (probability, i) => ({ label: labels[i]!, probability }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, 3);
  const picture = await pictureOf(test.pixels.slice(index * size, (index + 1) * size), test.imageShape);
  return { index, truth: labels[test.labels[index]!]!, guess: labels[guess]!, candidates, picture };
}

function learningRates(
  { schedule, epochs, batchSize, networks = 1 }: SettledRecipe,
  count: number,
): [number, number][] {
  const perEpoch = stepsPerEpoch({ images: { count } as LabelledImages, batchSize });
  const steps = perEpoch * epochs;
  const rate = oneCycle({ peak: schedule.peak, warmUp: schedule.warmUp, steps });
  const every = Math.max(1, Math.floor((networks * steps) / RATES));
  const shown = Array.from({ length: Math.ceil((networks * steps) / every) }, (_, i) => i * every);
  return shown.map((step) => [step / perEpoch, rate(step % steps)]);
}

async function augmentedSamples(train: LabelledImages, recipe: SettledRecipe, seed: number): Promise<Picture> {
  const size = bytesPerImage(train.imageShape);
  const augment = createAugment(recipe.augmentation, train.imageShape, { seed, epochs: recipe.epochs });
  const tiles: Uint8Array[] = [];
  for (let index = 0; index < Math.min(SAMPLES.pictures, train.count); index++) {
    tiles.push(train.pixels.slice(index * size, (index + 1) * size));
    for (let epoch = 0; epoch < SAMPLES.epochs; epoch++) {
      const tile = new Uint8Array(size);
      augment(train.pixels, epoch, index, tile, 0);
      tiles.push(tile);
    }
  }
  return tiled(tiles, train.imageShape, { columns: 1 + SAMPLES.epochs, gap: 1 });
}

/** Kernels of [height, width, in, filters], each scaled to its own extremes; in grey the mean of its inputs. */
async function firstFilters(model: LayersModel): Promise<Picture | undefined> {
  const layer = model.layers.find((layer) => layer.getClassName() === "Conv2D");
  const kernel = layer?.getWeights()[0];
  if (kernel === undefined) return undefined;
  const [height, width, inputs, filters] = kernel.shape as [number, number, number, number];
  const values = kernel.dataSync();
  const channels = inputs === 3 ? 3 : 1;
  const tiles = Array.from({ length: filters }, (_, filter) => {
    const tile = Float64Array.from({ length: height * width * channels }, (_, i) => {
      const [at, channel] = [Math.floor(i / channels), i % channels];
      if (channels === inputs) return values[(at * inputs + channel) * filters + filter]!;
      let sum = 0;
      for (let input = 0; input < inputs; input++) sum += values[(at * inputs + input) * filters + filter]!;
      return sum / inputs;
    });
    const [least, most] = [Math.min(...tile), Math.max(...tile)];
    return Uint8Array.from(tile, (value) => (most === least ? 128 : (255 * (value - least)) / (most - least)));
  });
  const large = tiles.map((tile) =>
    Uint8Array.from({ length: tile.length * ENLARGE ** 2 }, (_, i) => {
      const [at, channel] = [Math.floor(i / channels), i % channels];
      const [y, x] = [Math.floor(at / (width * ENLARGE)), at % (width * ENLARGE)];
      return tile[(Math.floor(y / ENLARGE) * width + Math.floor(x / ENLARGE)) * channels + channel]!;
    }),
  );
  const [h, w] = [height * ENLARGE, width * ENLARGE];
  return tiled(large, channels === 3 ? [h, w, 3] : [h, w], { columns: Math.min(filters, 8), gap: ENLARGE });
}

/** Of a kernel's pixels, so that the gaps between kernels are seen for what they are. */
const ENLARGE = 8;

/** Tiles of one size in rows of `columns`, a line of middle grey between them. */
function tiled(
  tiles: readonly Uint8Array[],
  imageShape: ImageShape,
  { columns, gap }: { columns: number; gap: number },
): Promise<Picture> {
  const [height, width, channels = 1] = imageShape;
  const sheetWidth = columns * (width + gap) - gap;
  const sheetHeight = Math.ceil(tiles.length / columns) * (height + gap) - gap;
  const sheet = new Uint8Array(sheetWidth * sheetHeight * channels).fill(128);
  for (const [i, tile] of tiles.entries())
    for (let y = 0; y < height; y++) {
      const row = Math.floor(i / columns) * (height + gap) + y;
      const to = (row * sheetWidth + (i % columns) * (width + gap)) * channels;
      sheet.set(tile.subarray(y * width * channels, (y + 1) * width * channels), to);
    }
  return pictureOf(sheet, channels === 3 ? [sheetHeight, sheetWidth, 3] : [sheetHeight, sheetWidth]);
}
