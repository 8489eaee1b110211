import { join, resolve } from "node:path";
import type { Fit, PictureSize } from "../datasets/picture-steps.ts";
import { ParityError, UsageError } from "../errors.ts";
import { misreadAmong } from "../evaluation/judge.ts";
import type { Io } from "../io.ts";
import { openArchitecture } from "../model/architecture.ts";
import { checkModelName, publish } from "../publish/publish.ts";
import { defaultRecipe, type RecipeName, recipes } from "../recipes/index.ts";
import { gallery } from "../report/gallery.ts";
import { json } from "../report/json.ts";
import { listFiles } from "../report/list-files.ts";
import { openRunFolder } from "../report/run-folder.ts";
import { summaryText } from "../report/summary-text.ts";
import { TrainReport } from "../report/train-report.ts";
import { typedPath } from "../report/typed-path.ts";
import { type EngineName, engines } from "../training/engines.ts";
import { FAILED_PARITY, MODEL_PATH, type WrittenRun, writeRun } from "../training/write-run.ts";

export interface TrainArguments {
  readonly data: string;
  readonly size?: PictureSize | undefined;
  readonly fit?: Fit | undefined;
  readonly grey?: boolean | undefined;
  readonly strict: boolean;
  readonly recipe?: RecipeName | undefined;
  /** A network from a file. */
  readonly model?: string | undefined;
  readonly engine: EngineName;
  readonly force: boolean;
  readonly seed: number;
  readonly epochs?: number | undefined;
  readonly batchSize?: number | undefined;
  readonly validation: number;
  readonly limit?: number | undefined;
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
  const recipe = recipes[args.recipe ?? defaultRecipe(args.data)];
  const { epochs = recipe.epochs, batchSize = recipe.batchSize, limit = Number.POSITIVE_INFINITY } = args;
  if (args.publish !== undefined) checkModelName(args.publish);
  if (args.force && args.engine !== "tfjs")
    throw new UsageError("--force belongs to --engine tfjs, and the engine is onnxruntime.");
  if (args.model !== undefined && args.engine === "tfjs")
    throw new UsageError("--model is trained by --engine onnxruntime; tfjs knows the recipes' networks only.");
  const architecture = args.model === undefined ? undefined : await openArchitecture(resolve(io.cwd, args.model));
  const createEngine = await engines[args.engine](args);

  const report = new TrainReport(io, args);
  const folder = await openRunFolder(resolve(io.cwd, args.out), recipe.name);
  try {
    const run = await writeRun({
      recipe: { ...recipe, epochs, batchSize },
      architecture,
      createEngine,
      data: args.data,
      cwd: io.cwd,
      pictures: { size: args.size, fit: args.fit, grey: args.grey, strict: args.strict },
      seed: args.seed,
      validation: args.validation,
      limit,
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
  } finally {
    report.close();
    await folder.discard();
  }
}

async function publishAs(
  name: string | undefined,
  { manifest }: WrittenRun,
  folder: string,
  models: string,
): Promise<string | undefined> {
  return name === undefined ? undefined : publish({ models, name, model: join(folder, MODEL_PATH), manifest });
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
