import { compareRuntimes, type RuntimeReport } from "@glyphcast/onnx-parity";
import { bytesPerImage, type LabelledImages } from "../datasets/labelled-images.ts";

/** How one runtime's answers compare with the reference's, on the first `images` pictures. */
export interface Parity {
  readonly runtime: string;
  readonly images: number;
  /** Of a probability, or of a confidence where both have one. */
  readonly maxAbsDiff: number;
  readonly argmaxDisagreements: number;
  /** What of it is no rounding, or why the runtime did not answer. */
  readonly failure?: string;
}

/** The largest difference of a probability that rounding explains, between any two CPU runtimes. */
export const PARITY_TOLERANCE = 1e-5;

/** A network of a user's own may be large, and TF.js is slow. */
const SECONDS_A_BATCH = 600;

export interface ComparedFiles {
  readonly onnx: string;
  /** The LayersModel that the .onnx was converted from. */
  readonly modelJson: string;
}

export interface ComparisonOptions {
  /** As onnx-parity names them; the first is the reference. */
  readonly runtimes: readonly string[];
  readonly count: number;
  /** Pictures to one run. */
  readonly batch: number;
  /** Throws when there is reason to stop; called between runs. */
  readonly check: () => void;
  /** Hears what the reference answers to pictures from `first` on. */
  readonly onAnswer?: (first: number, outputs: Readonly<Record<string, Float32Array>>) => void;
}

/** Has several runtimes read the first `count` pictures, each in a process of its own, and compares their answers. */
export async function compareOn(
  { onnx, modelJson }: ComparedFiles,
  images: LabelledImages,
  { runtimes, count, batch, check, onAnswer }: ComparisonOptions,
): Promise<readonly Parity[]> {
  const rounding = { atol: PARITY_TOLERANCE };
  const report = await compareRuntimes({
    ...{ model: onnx, runtimes, timeLimit: SECONDS_A_BATCH },
    ...(runtimes.includes("tfjs") && { models: { tfjs: modelJson } }),
    inputs: batchesOf(images, count, batch, check),
    tolerance: { outputs: { probabilities: rounding, confidence: rounding } },
    onRun(runtime, run, _feeds, outputs) {
      if (runtime !== runtimes[0]) return;
      const entries = Object.entries(outputs).map(([name, { data }]) => [name, data as Float32Array]);
      onAnswer?.(run * batch, Object.fromEntries(entries));
    },
  }).catch((error: unknown) => {
    // Ctrl-C in a terminal ends the other processes too, and maybe before this one has noticed.
    check();
    throw error;
  });
  check();
  return report.runtimes.map((runtime) => parityOf(runtime, count));
}

function* batchesOf({ pixels, imageShape }: LabelledImages, count: number, batch: number, check: () => void) {
  const size = bytesPerImage(imageShape);
  for (let first = 0; first < count; first += batch) {
    check();
    const n = Math.min(batch, count - first);
    const data = pixels.slice(first * size, (first + n) * size);
    yield { pixels: { dtype: "uint8", shape: [n, ...imageShape], data } as const };
  }
}

const NAMES: Readonly<Record<string, string>> = {
  "node-cpu": "onnxruntime-node cpu",
  "node-wasm": "onnxruntime-web wasm",
  tfjs: "TF.js cpu",
};

/** What there is to say of a runtime that has read so many pictures. */
export function parityOf({ runtime, status, reason, outputs }: RuntimeReport, images: number): Parity {
  const name = NAMES[runtime] ?? runtime;
  const shown = outputs.filter(({ output }) => output === "probabilities" || output === "confidence");
  // Where one side has no number, no number says how far it is from the other.
  const gaps = shown.map(({ nonFinite, maxAbs }) => (nonFinite > 0 ? Number.POSITIVE_INFINITY : maxAbs));
  const maxAbsDiff = Math.max(0, ...gaps);
  const { flips = 0, ties = 0 } = shown.find(({ output }) => output === "probabilities")?.decisions ?? {};
  const found = { runtime: name, images, maxAbsDiff, argmaxDisagreements: flips + ties };
  if (status === "agrees" || status === "reference") return found;
  if (status !== "differs") return { ...found, failure: `${status}: ${reason}` };
  const problems = outputs.flatMap(({ output, problems }) => problems.map((problem) => `${output}: ${problem}`));
  const failure =
    `${flips + ties} of ${images} pictures classified differently, probabilities up to ` +
    `${maxAbsDiff.toExponential(1)} apart (at most ${PARITY_TOLERANCE} allowed); ${problems.join("; ")}`;
  return { ...found, failure };
}

/** A line for every runtime that does not give the reference's answer. */
export const parityFailures = (parities: readonly Parity[]): string[] =>
  parities.flatMap(({ runtime, failure }) => (failure === undefined ? [] : [`${runtime}: ${failure}`]));
