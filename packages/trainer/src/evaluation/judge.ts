import type { LabelledImages } from "../datasets/labelled-images.ts";
import { argMax, type Evaluation, evaluate } from "./metrics.ts";
import { compareAnswers, type Parity } from "./parity.ts";
import { type Answers, onNode, onTfjs, onWasm } from "./runtimes.ts";

/** TF.js's plain JavaScript takes about 3 ms a picture: this many are compared in a second or two. */
const TFJS_IMAGES = 500;

export interface Judgement {
  readonly evaluation: Evaluation;
  /** [images, classes], of onnxruntime-node. */
  readonly probabilities: Float32Array;
  /** [images], likewise. */
  readonly confidence: Float32Array;
  readonly parity: readonly Parity[];
}

export interface JudgeOptions {
  /** Runs `work`, which reads so many pictures on that runtime, and tells somebody. */
  readonly run: <T>(runtime: string, images: number, work: () => Promise<T>) => Promise<T>;
  /** Throws when there is reason to stop; called between batches. */
  readonly check: () => void;
}

/** Runs the served model on the test pictures, and every other runtime on the same ones. */
export async function judge(
  files: { readonly onnx: string; readonly modelJson: string },
  test: LabelledImages,
  classes: number,
  { run, check }: JudgeOptions,
): Promise<Judgement> {
  const reference = { runtime: "onnxruntime-node cpu", read: onNode(files.onnx), images: test.count };
  const others = [
    { runtime: "onnxruntime-web wasm", read: onWasm(files.onnx), images: test.count },
    { runtime: "TF.js cpu", read: onTfjs(files.modelJson), images: Math.min(TFJS_IMAGES, test.count) },
  ];
  let first: Answers | undefined;
  const parity: Parity[] = [];
  for (const { runtime, read, images } of [reference, ...others]) {
    check();
    const answers = await run(runtime, images, () => read(test, images, check));
    first ??= answers;
    parity.push(compareAnswers(runtime, answers, first, classes));
  }
  const { probabilities, confidence } = first!;
  return { evaluation: evaluate(probabilities, test.labels, classes), probabilities, confidence: confidence!, parity };
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
