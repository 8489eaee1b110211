import { rename, rm, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { load } from "@glyphcast/runtime-node";
import { readCsvPictures } from "../datasets/csv.ts";
import { InterruptedError, OutputError, UsageError } from "../errors.ts";
import { argMax } from "../evaluation/metrics.ts";
import type { Io } from "../io.ts";
import { count } from "../report/format.ts";
import { json } from "../report/json.ts";
import { reasonOf } from "../report/run-folder.ts";
import { type ModelArguments, modelFolder } from "./model-folder.ts";

export interface SubmitArguments extends ModelArguments {
  readonly test: string;
  readonly out: string;
  readonly json: boolean;
}

/** Pictures between two looks at Ctrl-C. */
const PART = 2_000;

/** Writes what a model reads on the pictures of a CSV file as Kaggle wants it: `ImageId,Label`, ids from 1. */
export async function submit(args: SubmitArguments, io: Io): Promise<void> {
  const folder = await modelFolder(args, io);
  const model = await load(folder, { device: args.device, worker: false });
  try {
    const [, height, width, channels] = model.manifest.input.shape;
    if (channels !== undefined)
      throw new UsageError(`${folder}: the model reads colour, and a CSV file's pictures are grey.`);
    const pictures = await readCsvPictures(resolve(io.cwd, args.test), { size: { width, height } });
    const classes = model.labels.length;
    const lines = ["ImageId,Label"];
    for (let first = 0; first < pictures.count; first += PART) {
      if (io.signal.aborted) throw new InterruptedError();
      const n = Math.min(PART, pictures.count - first);
      const { probabilities } = await model.run(
        pictures.pixels.slice(first * height * width, (first + n) * height * width),
        n,
      );
      for (let i = 0; i < n; i++)
        lines.push(`${first + i + 1},${model.labels[argMax(probabilities, i * classes, classes)]}`);
    }
    await replaceFile(resolve(io.cwd, args.out), `${lines.join("\n")}\n`);
    if (args.json) io.stdout.write(json({ pictures: pictures.count, out: args.out }));
    else io.stdout.write(`${count(pictures.count)} answers written to ${args.out}\n`);
  } finally {
    await model.dispose();
  }
}

/** The file is there as a whole, or as it was before. */
async function replaceFile(path: string, content: string): Promise<void> {
  const aside = `${path}.${process.pid}.partial`;
  try {
    await writeFile(aside, content);
    await rename(aside, path);
  } catch (cause) {
    await rm(aside, { force: true });
    throw new OutputError(path, `cannot be written (${reasonOf(cause)})`, "Name another file with --out FILE.", cause);
  }
}
