import { dirname, join, resolve } from "node:path";
import { ConversionError, DiskFullError, InterruptedError, ParityError, UsageError } from "../errors.ts";
import { misreadAmong } from "../evaluation/judge.ts";
import type { Io } from "../io.ts";
import { openArchitecture } from "../model/architecture.ts";
import { checkModelName, publish } from "../publish/publish.ts";
import { recipes } from "../recipes/index.ts";
import type { Recipe } from "../recipes/recipe.ts";
import { gallery } from "../report/gallery.ts";
import { json } from "../report/json.ts";
import { listFiles } from "../report/list-files.ts";
import { openRunFolder, reopenRunFolder } from "../report/run-folder.ts";
import { INTERRUPTED } from "../report/run-owner.ts";
import { summaryText } from "../report/summary-text.ts";
import { TrainReport } from "../report/train-report.ts";
import { typedPath } from "../report/typed-path.ts";
import { findInterrupted, readCheckpoint } from "../training/checkpoint.ts";
import { engines } from "../training/engines.ts";
import { refuseOtherChoices, settle, type TrainChoices } from "../training/settings.ts";
import { FAILED_PARITY, MODEL_PATH, type WrittenRun, writeRun } from "../training/write-run.ts";

export interface TrainArguments extends TrainChoices {
  readonly resume?: string | undefined;
  readonly out: string;
  readonly publish?: string | undefined;
  readonly models: string;
  readonly json: boolean;
}

/**
 * The whole way: data, training, conversion, the proof that the runtimes agree, the judgement by the test set, and a
 * folder with all of it. What fails leaves no folder, but for a failed proof, whose folder says so in its name.
 */
export async function train(args: TrainArguments, io: Io): Promise<void> {
  if (args.publish !== undefined) checkModelName(args.publish);
  const resumed = args.resume === undefined ? undefined : await openInterrupted(resolve(io.cwd, args.resume), args);
  const settings =
    resumed === undefined
      ? settle(args, io.cwd)
      : {
          ...resumed.checkpoint.settings,
          ...(args.calibration !== undefined && { calibration: resolve(io.cwd, args.calibration) }),
        };
  const recipe: Recipe = { ...recipes[settings.recipe], epochs: settings.epochs, batchSize: settings.batchSize };
  const { model, engine, force } = settings;
  if (force && engine !== "tfjs")
    throw new UsageError("--force belongs to --engine tfjs, and the engine is onnxruntime.");
  const architecture = model === undefined ? undefined : await openArchitecture(resolve(settings.cwd, model));
  const createEngine = await engines[engine]({ force });

  const report = new TrainReport(io, args);
  const folder =
    resumed === undefined
      ? await openRunFolder(resolve(io.cwd, args.out), recipe.name)
      : await reopenRunFolder(resumed.folder);
  let failure: unknown;
  try {
    const run = await writeRun({
      recipe,
      architecture,
      createEngine,
      settings,
      from: resumed,
      folder,
      report,
      signal: io.signal,
    });
    if (run.failures.length > 0) {
      await folder.finish(FAILED_PARITY);
      throw new ParityError(run.failures, typedPath(folder.destination(FAILED_PARITY), io.cwd));
    }
    await folder.finish();
    const published = await publishAs(args.publish, run, folder.destination(), resolve(io.cwd, args.models));
    report.print(...(await closing(run, folder.destination(), published, report, io)));
    if (args.json) io.stdout.write(json(run.summary));
  } catch (error) {
    failure = error;
  }
  report.close();
  const kept = await folder.discard();
  const goesOnFrom = kept ? typedPath(folder.destination(INTERRUPTED), io.cwd) : undefined;
  if (failure instanceof InterruptedError) throw new InterruptedError(goesOnFrom);
  if (isDiskFull(failure)) throw new DiskFullError(typedPath(dirname(folder.path), io.cwd), goesOnFrom, failure);
  if (failure !== undefined) throw failure;
}

/** What the system says of a disk, or of a user's share of it, also where the converter's process met it. */
const isDiskFull = (error: unknown): boolean =>
  error instanceof ConversionError
    ? /ENOSPC|EDQUOT/.test(error.stderr)
    : ["ENOSPC", "EDQUOT"].includes((error as NodeJS.ErrnoException | undefined)?.code ?? "");

/** @throws ResumeError when there is no such run, or it began otherwise than `args` ask for. */
async function openInterrupted(path: string, args: TrainArguments) {
  const folder = await findInterrupted(path);
  const files = await readCheckpoint(folder);
  refuseOtherChoices(args, files.checkpoint.settings, folder);
  return { folder, ...files };
}

async function publishAs(
  name: string | undefined,
  { manifest }: WrittenRun,
  folder: string,
  models: string,
): Promise<string | undefined> {
  return name === undefined ? undefined : publish({ models, name, from: join(folder, dirname(MODEL_PATH)), manifest });
}

async function closing(
  { summary, manifest, test, judgement }: WrittenRun,
  folder: string,
  published: string | undefined,
  { paint, columns }: TrainReport,
  io: Io,
): Promise<string[]> {
  const misread = misreadAmong(test.labels, judgement.probabilities, manifest.labels);
  const extras = {
    run: typedPath(folder, io.cwd),
    files: await listFiles(folder),
    misread,
    gallery: paint.enabled ? gallery(test, misread, columns) : [],
    published: published === undefined ? undefined : typedPath(published, io.cwd),
    next: nextSteps(io),
  };
  return summaryText(summary, extras, paint);
}

function nextSteps(io: Io): (readonly [command: string, why: string])[] {
  return [
    ["npx glyphcast predict picture.png", "what this model reads on a picture of yours"],
    ["npx glyphcast evaluate", "how well it knows each class"],
    // npm names the script that it runs: `npm start` belongs to the repository, which has a site to show.
    ...(io.env.npm_lifecycle_event === "start" ? [["npm run site", "draw a digit in your browser"] as const] : []),
  ];
}
