import { access } from "node:fs/promises";
import { join, resolve } from "node:path";
import { UsageError } from "../errors.ts";
import type { Io } from "../io.ts";
import { latestRun } from "../report/run-folder.ts";

export interface ModelArguments {
  readonly model?: string | undefined;
  readonly device: "auto" | "cpu" | "cuda" | "webgpu";
}

/** The folder that `--model` names, or that of the model of the run that it names, or of the newest run. */
export async function modelFolder({ model }: ModelArguments, io: Io): Promise<string> {
  if (model !== undefined) {
    const ofRun = resolve(io.cwd, model, "model");
    return access(join(ofRun, "manifest.json")).then(
      () => ofRun,
      () => resolve(io.cwd, model),
    );
  }
  const run = await latestRun(join(io.cwd, "runs"));
  if (run === undefined)
    throw new UsageError(
      "There is no newest run in runs/, and --model names no other model.\n" +
        "  Train one first with glyphcast train, or name one as in --model models/digits/1.",
    );
  return join(run, "model");
}
