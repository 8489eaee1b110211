import { createHash } from "node:crypto";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { FileDigest, Manifest } from "@glyphcast/runtime";
import { firstImages, type LabelledImages } from "../datasets/labelled-images.ts";
import { openDataset } from "../datasets/open-dataset.ts";
import { InterruptedError, ResumeError } from "../errors.ts";
import type { Judgement } from "../evaluation/judge.ts";
import { parityFailures } from "../evaluation/parity.ts";
import { stressModel } from "../evaluation/stress/stress-model.ts";
import { canBeStressed } from "../evaluation/stress/stress-test.ts";
import type { Architecture } from "../model/architecture.ts";
import { saveLayersModel } from "../model/artifacts.ts";
import { convertForServing } from "../model/convert.ts";
import { countParameters } from "../model/layers-model.ts";
import { buildManifest } from "../publish/manifest.ts";
import type { Recipe } from "../recipes/recipe.ts";
import { cardMarkdown } from "../report/card-markdown.ts";
import { bytes } from "../report/format.ts";
import { json } from "../report/json.ts";
import type { RunFolder } from "../report/run-folder.ts";
import { buildRunReport } from "../report/run-report.ts";
import type { Summary } from "../report/summary.ts";
import type { TrainReport } from "../report/train-report.ts";
import { typedPath } from "../report/typed-path.ts";
import { writeReport } from "../report/write-report.ts";
import { libraryVersions } from "../version.ts";
import { calibrate } from "./calibrate.ts";
import { type Checkpoint, type CheckpointFiles, removeCheckpoint } from "./checkpoint.ts";
import type { CreateEngine } from "./engine.ts";
import { judgeRun } from "./judge-run.ts";
import { readCalibration } from "./read-calibration.ts";
import type { TrainSettings } from "./settings.ts";
import { holdOut } from "./train-model.ts";
import { trainRun } from "./train-run.ts";

export interface RunPlan {
  readonly recipe: Recipe;
  /** The network, if it is not the recipe's. */
  readonly architecture?: Architecture | undefined;
  readonly createEngine: CreateEngine;
  readonly settings: TrainSettings;
  /** Where to go on from. */
  readonly from?: CheckpointFiles | undefined;
  readonly folder: RunFolder;
  readonly report: TrainReport;
  readonly signal: AbortSignal;
}

export interface WrittenRun {
  readonly summary: Summary;
  readonly manifest: Manifest;
  readonly test: LabelledImages;
  readonly judgement: Judgement;
  /** Where the runtimes disagree; such a run goes to `folder.destination(FAILED_PARITY)`. */
  readonly failures: readonly string[];
}

/** The model in a run's folder. */
export const MODEL_PATH: string = join("model", "model.onnx");

/** The model card's name, beside the model. */
const CARD = "README.md";

/** What a run's name ends in when its runtimes disagree. */
export const FAILED_PARITY = "failed-parity";

/**
 * Trains, converts and judges, and writes each result into the run's folder. The test set is read here, once.
 *
 * @throws DivergenceError; the figures of the epochs before it are then in `folder.destination(DIVERGED)`.
 */
export async function writeRun(plan: RunPlan): Promise<WrittenRun> {
  const { recipe, architecture, settings, from, folder, report, signal } = plan;
  const { data, cwd, seed, calibration, limit = Number.POSITIVE_INFINITY } = settings;
  const started = performance.now();
  const check = (): void => {
    if (signal.aborted) throw new InterruptedError();
  };

  const dataset = await openDataset(data, cwd, settings);
  const identity = { name: dataset.name, sha256: dataset.sha256 };
  if (from !== undefined) refuseOther(from.checkpoint, identity, recipe, folder.path);
  const classes = dataset.labels.length;
  const splits = holdOut(dataset, { ...settings, limit });
  const network = architecture && { file: architecture.file, sha256: architecture.sha256, bytes: architecture.bytes };
  const settled = network === undefined ? recipe : { ...recipe, network };
  const given =
    calibration === undefined
      ? undefined
      : await readCalibration(resolve(cwd, calibration), { recipe: settled, dataset: identity });
  await writeFile(join(folder.path, "recipe.json"), json(settled));
  const trained = await trainRun(plan, { dataset, splits, identity });

  const saved = join(folder.path, "tfjs");
  const onnx = join(folder.path, MODEL_PATH);
  await mkdir(saved, { recursive: true });
  await mkdir(join(folder.path, "model"), { recursive: true });
  await saveLayersModel(trained.model, saved);
  const modelJson = join(saved, "model.json");
  const metadata = { recipe: recipe.name, seed: String(seed) };
  const convert = (): Promise<void> => convertForServing(modelJson, onnx, { metadata, signal });
  await report.stage("converted by tfjs-to-onnx", async () => {
    await convert();
    return bytes((await stat(onnx)).size);
  });
  const toCalibrate = { model: trained.model, modelJson, onnx, convert, splits, classes, given, check };
  const calibrated = await report.stage("calibrated", () => calibrate(toCalibrate));

  const test = firstImages(await dataset.test(), limit);
  const { calibration: fitted, method } = calibrated;
  const judged = await judgeRun({ onnx, modelJson }, test, { classes, calibration: fitted, report, check });
  const { judgement, ...ofConfidence } = judged;
  const { evaluation, parity } = judgement;
  const failures = parityFailures(parity);
  const model = digestOf(await readFile(onnx));
  const manifest = buildManifest({
    id: folder.id,
    recipe,
    architecture: network,
    seed,
    engine: trained.engine,
    dataset,
    evaluation,
    method,
    calibration: fitted,
    model,
  });
  await writeFile(join(folder.path, "model", "manifest.json"), json(manifest));
  const stress =
    recipe.stress && canBeStressed(test)
      ? await report.stage("test pictures read damaged, and drawn on a canvas", () =>
          stressModel(join(folder.path, "model"), test, { check }),
        )
      : undefined;
  const destination = folder.destination(failures.length === 0 ? undefined : FAILED_PARITY);
  const summary: Summary = {
    testAccuracy: evaluation.accuracy,
    testErrors: evaluation.errors,
    trainSeconds: rounded(trained.seconds),
    imagesPerSecond: rounded(trained.imagesPerSecond),
    parameters: countParameters(trained.model),
    model: { path: typedPath(join(destination, MODEL_PATH), cwd), ...model },
    parity,
    ...(stress && { stress }),
    calibration: fitted,
    ...ofConfidence,
    validationAccuracy: calibrated.validationAccuracy,
    testImages: evaluation.images,
    recipe: recipe.name,
    engine: trained.engine,
    seed,
    epochs: recipe.epochs,
    batchSize: recipe.batchSize,
    dataset: identity,
    totalSeconds: rounded((performance.now() - started) / 1000),
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    versions: libraryVersions(),
  };
  await writeFile(join(folder.path, "summary.json"), json(summary));
  const parts = { id: folder.id, dataset, rejectBelow: manifest.reject.threshold, limit: settings.limit };
  const runReport = await buildRunReport({
    ...parts,
    summary,
    recipe: settled,
    epochs: trained.epochs,
    splits,
    test,
    judgement,
    model: calibrated.model,
  });
  await writeReport(folder.path, runReport);
  const described = await withCard(join(folder.path, "model"), manifest, cardMarkdown(runReport));
  await removeCheckpoint(folder.path);
  return { summary, manifest: described, test, judgement, failures };
}

/** Writes the model card beside the model, and the manifest that lists it too. */
async function withCard(folder: string, manifest: Manifest, card: string): Promise<Manifest> {
  const file = Buffer.from(card);
  const complete = { ...manifest, files: { ...manifest.files, [CARD]: digestOf(file) } };
  await writeFile(join(folder, CARD), file);
  await writeFile(join(folder, "manifest.json"), json(complete));
  return complete;
}

/** @throws ResumeError when the data or the recipe are not those that the run began with. */
function refuseOther(began: Checkpoint, dataset: Checkpoint["dataset"], recipe: Recipe, folder: string): void {
  if (began.dataset.sha256 !== dataset.sha256)
    throw new ResumeError(folder, `${dataset.name} with SHA-256 ${dataset.sha256}`, began.dataset.sha256);
  if (JSON.stringify(began.recipe) !== JSON.stringify(recipe))
    throw new ResumeError(folder, `a run of another version of ${recipe.name}`, "the recipe as it is now");
}

const digestOf = (file: Buffer): FileDigest => ({
  bytes: file.length,
  sha256: createHash("sha256").update(file).digest("hex"),
});

/** To the millisecond, or the thousandth of whatever it is. */
const rounded = (value: number): number => Math.round(value * 1000) / 1000;
