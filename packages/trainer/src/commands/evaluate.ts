import type { InputShape } from "@glyphcast/runtime";
import { load } from "@glyphcast/runtime-node";
import { bytesPerImage, type Dataset, firstImages, type LabelledImages } from "../datasets/labelled-images.ts";
import { openDataset } from "../datasets/open-dataset.ts";
import { InterruptedError, UsageError } from "../errors.ts";
import { type Evaluation, evaluate as evaluateScores, recallPerClass } from "../evaluation/metrics.ts";
import { howItReads } from "../evaluation/stress/stress-model.ts";
import { canBeStressed, type StressResult, stressTest } from "../evaluation/stress/stress-test.ts";
import type { Io } from "../io.ts";
import { columns, count, percent, plural } from "../report/format.ts";
import { json } from "../report/json.ts";
import { LiveLine } from "../report/live-line.ts";
import { type Paint, paintFor } from "../report/paint.ts";
import { stressText } from "../report/stress-text.ts";
import { typedPath } from "../report/typed-path.ts";
import { type ModelArguments, modelFolder } from "./model-folder.ts";

export interface EvaluateArguments extends ModelArguments {
  readonly data: string;
  /** Use so many of the test pictures at most. */
  readonly limit?: number | undefined;
  /** Also read them damaged, and drawn on a canvas. */
  readonly stress: boolean;
  readonly json: boolean;
}

/** What `--json` prints. */
export interface EvaluationReport {
  readonly accuracy: number;
  readonly errors: number;
  readonly images: number;
  readonly recall: Readonly<Record<string, number>>;
  /** `confusion[truth][guess]`, in the order of the labels. */
  readonly confusion: readonly (readonly number[])[];
  readonly imagesPerSecond: number;
  readonly device: string;
  readonly stress?: StressResult;
}

/** Pictures between two looks at Ctrl-C. */
const PART = 2_000;

/** Judges a model by a dataset's test pictures, as a service would run it. */
export async function evaluate(args: EvaluateArguments, io: Io): Promise<void> {
  const folder = await modelFolder(args, io);
  const model = await load(folder, { device: args.device, worker: false });
  try {
    const dataset = await openDataset(args.data, io.cwd, { steps: model.manifest.preprocess });
    requireSameShape(model.manifest.input.shape, dataset, folder);
    requireSameLabels(model.labels, dataset, folder);
    const test = firstImages(await dataset.test(), args.limit ?? Number.POSITIVE_INFINITY);
    if (args.stress) requireInk(test, dataset);
    const started = performance.now();
    const probabilities = await probabilitiesOf(model, test, io.signal);
    const imagesPerSecond = test.count / ((performance.now() - started) / 1000);
    const evaluation = evaluateScores(probabilities, test.labels, model.labels.length);
    const stress = args.stress ? await stressed(model, test, args, io) : undefined;
    if (args.json) {
      const recall = Object.fromEntries(recallPerClass(evaluation).map((value, i) => [model.labels[i]!, value]));
      const { accuracy, errors, images, confusion } = evaluation;
      const device = model.provider.name;
      const report: EvaluationReport = { accuracy, errors, images, recall, confusion, imagesPerSecond, device };
      io.stdout.write(json(stress === undefined ? report : { ...report, stress }));
    } else {
      const paint = paintFor(io.stdout, io.env);
      const on = `${dataset.name}, ${count(test.count)} test pictures, ${model.provider.name}, ${count(imagesPerSecond)} images/s`;
      const lines = evaluationText(evaluation, model.labels, paint);
      if (stress !== undefined) lines.push(...stressText(stress, paint), "");
      io.stdout.write(`\n ${paint.cyan(typedPath(folder, io.cwd))}  ${paint.dim(on)}\n${lines.join("\n")}\n`);
    }
  } finally {
    await model.dispose();
  }
}

function requireSameLabels(labels: readonly string[], dataset: Dataset, folder: string): void {
  if (String(labels) === String(dataset.labels)) return;
  throw new UsageError(
    `${folder}: the model tells ${labels.join(", ")} apart, ${dataset.name} has ${dataset.labels.join(", ")}.\n` +
      "  Name a dataset of the same classes with --data.",
  );
}

function requireSameShape([, ...shape]: InputShape, { imageShape, name }: Dataset, folder: string): void {
  if (String(shape) === String(imageShape)) return;
  throw new UsageError(
    `${folder}: the model reads pictures of ${shape.join(" × ")}, those of ${name} are ${imageShape.join(" × ")}.\n` +
      "  Name a dataset of the same size with --data.",
  );
}

function requireInk(test: LabelledImages, { name }: Dataset): void {
  if (canBeStressed(test)) return;
  throw new UsageError(
    `--stress: pictures of ${name} are in colour, expected ink on paper, one level a pixel.\n` +
      "  Leave --stress out, or name a dataset of grey pictures with --data.",
  );
}

/** Two minutes of reading, so on a terminal a line says what is being read. */
async function stressed(
  model: Loaded,
  test: LabelledImages,
  { json }: EvaluateArguments,
  io: Io,
): Promise<StressResult> {
  const output = json ? io.stderr : io.stdout;
  const line = new LiveLine(output, io.env);
  const paint = paintFor(output, io.env);
  try {
    return await stressTest(test, {
      ...howItReads(model),
      check: () => {
        if (io.signal.aborted) throw new InterruptedError();
      },
      onProgress: (what, done) => line.show(() => paint.dim(` … ${what}, ${count(done)} of ${count(test.count)}`)),
    });
  } finally {
    line.clear();
  }
}

async function probabilitiesOf(model: Loaded, test: LabelledImages, signal: AbortSignal): Promise<Float32Array> {
  const { pixels, count, imageShape } = test;
  const size = bytesPerImage(imageShape);
  const classes = model.labels.length;
  const probabilities = new Float32Array(count * classes);
  for (let first = 0; first < count; first += PART) {
    if (signal.aborted) throw new InterruptedError();
    const n = Math.min(PART, count - first);
    // A copy: the pixels may lie in shared memory, which onnxruntime does not take.
    const part = await model.run(pixels.slice(first * size, (first + n) * size), n);
    probabilities.set(part.probabilities, first * classes);
  }
  return probabilities;
}

type Loaded = Awaited<ReturnType<typeof load>>;

/** How good, and at which class how good. */
function evaluationText(evaluation: Evaluation, labels: readonly string[], paint: Paint): string[] {
  const { accuracy, errors, confusion } = evaluation;
  const recall = recallPerClass(evaluation);
  const [head, ...rows] = columns(
    [
      ["class", "pictures", "recall", "errors", "most often read as"],
      ...labels.map((label, truth) => {
        const row = confusion[truth]!;
        const total = row.reduce((sum, n) => sum + n, 0);
        const mistakes = row.map((n, guess) => ({ n, guess })).filter(({ n, guess }) => n > 0 && guess !== truth);
        const worst = mistakes.sort((a, b) => b.n - a.n)[0];
        const as = worst === undefined ? "" : `${labels[worst.guess]} (${worst.n}×)`;
        return [label, count(total), percent(recall[truth]!), count(total - row[truth]!), as];
      }),
    ],
    [false, true, true, true],
  );
  return [
    "",
    ` ${paint.bold(paint.green(`${percent(accuracy)} read right`))}, ${plural(errors, "error")}`,
    "",
    ` ${paint.bold(head!)}`,
    ...rows.map((row) => ` ${row}`),
    "",
  ];
}
