import type { InputShape } from "@glyphcast/runtime";
import { load } from "@glyphcast/runtime-node";
import { bytesPerImage, type Dataset, firstImages, type LabelledImages } from "../datasets/labelled-images.ts";
import { openDataset } from "../datasets/open-dataset.ts";
import { InterruptedError, UsageError } from "../errors.ts";
import { calibration } from "../evaluation/calibration.ts";
import { type Evaluation, evaluate as evaluateScores, recallPerClass } from "../evaluation/metrics.ts";
import { type Rejection, rejectedShare, rejectionOf } from "../evaluation/rejection.ts";
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
  /** Pictures of no class of the model's, as `data` names them. */
  readonly strangers?: string | undefined;
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
  /** The expected calibration error. */
  readonly ece: number;
  /** The fraction whose confidence is below the threshold. */
  readonly rejected: number;
  readonly strangers?: Rejection;
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
    const strange =
      args.strangers === undefined ? undefined : await strangersOf(args.strangers, model, folder, args, io);
    const started = performance.now();
    const { probabilities, confidence: known } = await answersOf(model, test, io.signal);
    const imagesPerSecond = test.count / ((performance.now() - started) / 1000);
    const evaluation = evaluateScores(probabilities, test.labels, model.labels.length);
    const { ece } = calibration(probabilities, test.labels, model.labels.length);
    const { threshold } = model.manifest.reject;
    const rejected = rejectedShare(known, threshold);
    const confidence = async (images: LabelledImages) => (await answersOf(model, images, io.signal)).confidence;
    const strangers = strange && (await rejectionOf(strange.name, strange.images, { confidence, known, threshold }));
    const stress = args.stress ? await stressed(model, test, args, io) : undefined;
    if (args.json) {
      const recall = Object.fromEntries(recallPerClass(evaluation).map((value, i) => [model.labels[i]!, value]));
      const { accuracy, errors, images, confusion } = evaluation;
      const device = model.provider.name;
      const figures = { accuracy, errors, images, recall, confusion, imagesPerSecond, device, ece, rejected };
      const report: EvaluationReport = { ...figures, ...(strangers && { strangers }), ...(stress && { stress }) };
      io.stdout.write(json(report));
    } else {
      const paint = paintFor(io.stdout, io.env);
      const on = `${dataset.name}, ${count(test.count)} test pictures, ${model.provider.name}, ${count(imagesPerSecond)} images/s`;
      const lines = evaluationText(evaluation, model.labels, paint);
      lines.push(...sureText({ ece, rejected, threshold, strangers }), "");
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

/** The test pictures of a source of things that are of no class of the model's; what they are instead does not matter. */
async function strangersOf(source: string, model: Loaded, folder: string, { limit }: EvaluateArguments, io: Io) {
  const dataset = await openDataset(source, io.cwd, { steps: model.manifest.preprocess });
  requireSameShape(model.manifest.input.shape, dataset, folder);
  return { name: dataset.name, images: firstImages(await dataset.test(), limit ?? Number.POSITIVE_INFINITY) };
}

async function answersOf(
  model: Loaded,
  { pixels, count, imageShape }: LabelledImages,
  signal: AbortSignal,
): Promise<{ probabilities: Float32Array; confidence: Float32Array }> {
  const size = bytesPerImage(imageShape);
  const classes = model.labels.length;
  const probabilities = new Float32Array(count * classes);
  const confidence = new Float32Array(count);
  for (let first = 0; first < count; first += PART) {
    if (signal.aborted) throw new InterruptedError();
    const n = Math.min(PART, count - first);
    // A copy: the pixels may lie in shared memory, which onnxruntime does not take.
    const part = await model.run(pixels.slice(first * size, (first + n) * size), n);
    probabilities.set(part.probabilities, first * classes);
    confidence.set(part.confidence, first);
  }
  return { probabilities, confidence };
}

type Loaded = Awaited<ReturnType<typeof load>>;

/** How far its probabilities can be believed, and what it does not answer. */
function sureText({
  ece,
  rejected,
  threshold,
  strangers,
}: Pick<EvaluationReport, "ece" | "rejected"> & { threshold: number; strangers: Rejection | undefined }): string[] {
  const below =
    threshold === 0
      ? "the model rejects nothing"
      : `${percent(rejected)} rejected, below a confidence of ${threshold.toFixed(3)}`;
  const lines = [` Expected calibration error ${percent(ece)}; ${below}`];
  if (strangers === undefined) return lines;
  const { of, images, auroc } = strangers;
  return [
    ...lines,
    ` ${count(images)} strangers of ${of}: ${percent(strangers.rejected)} rejected, AUROC of confidence ${auroc.toFixed(5)}`,
  ];
}

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
