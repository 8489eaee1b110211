import { EmptyDrawingError, type GrayImage, preprocess, type RgbaImage, type Step } from "@glyphcast/preprocess";
import { bytesPerImage, type LabelledImages } from "../../datasets/labelled-images.ts";
import { argMax } from "../metrics.ts";
import { type CorruptionName, corrupted, corruptionNames } from "./corruptions.ts";
import { enlarged, placed } from "./placement.ts";

/** Pictures made, held and read at a time. */
const BATCH = 250;
/** Stands for an answer where preprocessing found no drawing. */
const NONE = -1;

export interface StressOptions {
  /** pixels: [count, height, width] uint8.   returns: [count, classes]. */
  readonly read: (pixels: Uint8Array, count: number) => Promise<Float32Array>;
  /** How a service turns a picture into pixels; placement is tested where "place-digit" is among the steps. */
  readonly steps: readonly Step[];
  /** Throws when there is reason to stop; called between batches. */
  readonly check: () => void;
  /** Told before each batch which pictures are being read, and how many of these have been. */
  readonly onProgress?: (what: string, done: number) => void;
}

/** How many of the pictures a model read right. */
export interface Score {
  readonly accuracy: number;
  readonly errors: number;
}

/** How a model does on pictures unlike those it was trained on. */
export interface StressResult {
  readonly images: number;
  /** On the pictures as they are. */
  readonly unchanged: Score;
  readonly corruptions: readonly (Score & { readonly name: CorruptionName })[];
  /** The mean accuracy over the corruptions. */
  readonly meanAccuracy: number;
  /** Of models whose preprocessing finds and places a drawing. */
  readonly placement?: Score;
  /** Tenfold, in blocks: how many get the same answer as the picture they were made from. */
  readonly enlargement?: { readonly agreement: number; readonly disagreements: number };
}

/** Whether there is a stress test for pictures of this shape: it is made for ink on paper, one level a pixel. */
export const canBeStressed = ({ imageShape }: Pick<LabelledImages, "imageShape">): boolean => imageShape.length === 2;

/** Reads the test pictures under each corruption, and drawn large on a canvas; a batch is made and read at a time. */
export async function stressTest(test: LabelledImages, options: StressOptions): Promise<StressResult> {
  if (!canBeStressed(test)) throw new Error("bug: the stress test takes one level a pixel");
  const { steps } = options;
  const drawing =
    (draw: (picture: GrayImage, index: number) => RgbaImage): PictureMaker =>
    (picture, index) =>
      pixelsOf(draw(picture, index), steps);

  const original = await guesses("as they are", test, ({ data }) => data, options);
  const scores: (Score & { name: CorruptionName })[] = [];
  for (const name of corruptionNames) {
    const damage: PictureMaker = (picture, index) => corrupted(name, picture, index).data;
    scores.push({ name, ...scoreOf(await guesses(name, test, damage, options), test) });
  }
  const result = {
    images: test.count,
    unchanged: scoreOf(original, test),
    corruptions: scores,
    meanAccuracy: scores.reduce((sum, { accuracy }) => sum + accuracy, 0) / scores.length,
  };
  if (!steps.some(({ step }) => step === "place-digit")) return result;

  const onCanvas = await guesses("drawn on a canvas", test, drawing(placed), options);
  const inBlocks = await guesses("enlarged", test, drawing(enlarged), options);
  const disagreements = inBlocks.reduce((sum, guess, i) => sum + (guess === original[i] ? 0 : 1), 0);
  return {
    ...result,
    placement: scoreOf(onCanvas, test),
    enlargement: { agreement: (test.count - disagreements) / test.count, disagreements },
  };
}

/** Pixels for the model, or undefined where there is nothing to be seen. */
type PictureMaker = (picture: GrayImage, index: number) => Uint8Array | undefined;

function pixelsOf(picture: RgbaImage, steps: readonly Step[]): Uint8Array | undefined {
  try {
    return preprocess(picture, steps).data;
  } catch (error) {
    if (error instanceof EmptyDrawingError) return undefined;
    throw error;
  }
}

/** The class that the model sees on each picture as it is made, or NONE. */
async function guesses(
  what: string,
  images: LabelledImages,
  make: PictureMaker,
  { read, check, onProgress }: StressOptions,
): Promise<Int16Array> {
  const { count } = images;
  const size = bytesPerImage(images.imageShape);
  const result = new Int16Array(count);
  for (let first = 0; first < count; first += BATCH) {
    check();
    onProgress?.(what, first);
    const n = Math.min(BATCH, count - first);
    const batch = new Uint8Array(n * size);
    const empty = new Set<number>();
    for (let i = 0; i < n; i++) {
      const made = make(pictureAt(images, first + i), first + i);
      if (made === undefined) empty.add(i);
      else batch.set(made, i * size);
    }
    const probabilities = await read(batch, n);
    const classes = probabilities.length / n;
    for (let i = 0; i < n; i++) result[first + i] = empty.has(i) ? NONE : argMax(probabilities, i * classes, classes);
  }
  return result;
}

/** A picture of a dataset, in its memory. */
export function pictureAt({ pixels, imageShape }: LabelledImages, index: number): GrayImage {
  const [height, width] = imageShape;
  return { width, height, data: pixels.subarray(index * height * width, (index + 1) * height * width) };
}

function scoreOf(guesses: Int16Array, { labels, count }: LabelledImages): Score {
  const errors = guesses.reduce((sum, guess, i) => sum + (guess === labels[i] ? 0 : 1), 0);
  return { accuracy: (count - errors) / count, errors };
}
