import type { LabelledImages } from "../datasets/labelled-images.ts";
import { count } from "../report/format.ts";
import { argMax, type Evaluation, evaluate } from "./metrics.ts";
import { type ComparedFiles, compareOn, type Parity } from "./parity.ts";

/** Pictures to one run: enough to fill the cores, small enough for the caches. */
const BATCH = 250;

/** TF.js's plain JavaScript takes about 3 ms a picture: this many are compared in a second or two. */
const TFJS_IMAGES = 500;
const TFJS_BATCH = 50;

export interface Judgement {
  readonly evaluation: Evaluation;
  /** [images, classes], of onnxruntime-node. */
  readonly probabilities: Float32Array;
  /** [images], likewise. */
  readonly confidence: Float32Array;
  readonly parity: readonly Parity[];
}

export interface JudgeOptions {
  /** Runs `work`, and tells somebody what it does. */
  readonly run: <T>(what: string, work: () => Promise<T>) => Promise<T>;
  /** Throws when there is reason to stop; called between batches. */
  readonly check: () => void;
}

/** Has the served model read the test pictures, and every other runtime the same ones. */
export async function judge(
  files: ComparedFiles,
  test: LabelledImages,
  classes: number,
  { run, check }: JudgeOptions,
): Promise<Judgement> {
  const probabilities = new Float32Array(test.count * classes);
  const confidence = new Float32Array(test.count);
  const served = { runtimes: ["node-cpu", "node-wasm"], count: test.count, batch: BATCH, check };
  const few = Math.min(TFJS_IMAGES, test.count);
  const original = { runtimes: ["node-cpu", "tfjs"], count: few, batch: TFJS_BATCH, check };
  const what = `${count(test.count)} test pictures read by onnxruntime-node and onnxruntime-web, ${count(few)} by TF.js`;
  // At the same time: WebAssembly on Node and TF.js have one thread each.
  const [onOnnxruntime, [, onTfjs]] = await run(what, () =>
    Promise.all([
      compareOn(files, test, {
        ...served,
        onAnswer(first, outputs) {
          probabilities.set(outputs.probabilities!, first * classes);
          confidence.set(outputs.confidence!, first);
        },
      }),
      compareOn(files, test, original),
    ]),
  );
  const parity = [...onOnnxruntime, onTfjs!];
  return { evaluation: evaluate(probabilities, test.labels, classes), probabilities, confidence, parity };
}

/** A picture that a model takes for something else. */
export interface Misread {
  /** Its place among the pictures. */
  readonly index: number;
  readonly truth: string;
  readonly guess: string;
  /** The probability of the guess. */
  readonly probability: number;
}

/** The pictures whose largest of `probabilities` is not at their label. */
export function misreadAmong(labels: Uint8Array, probabilities: Float32Array, names: readonly string[]): Misread[] {
  const misread: Misread[] = [];
  for (const [index, label] of labels.entries()) {
    const guess = argMax(probabilities, index * names.length, names.length);
    if (guess === label) continue;
    const probability = probabilities[index * names.length + guess]!;
    misread.push({ index, truth: names[label]!, guess: names[guess]!, probability });
  }
  return misread;
}
