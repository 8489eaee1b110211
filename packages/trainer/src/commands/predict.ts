import { resolve } from "node:path";
import { EmptyDrawingError, load, PictureError, type Reading } from "@glyphcast/runtime-node";
import { InterruptedError, PicturesError } from "../errors.ts";
import type { Io } from "../io.ts";
import { columns, percent } from "../report/format.ts";
import { type Paint, paintFor } from "../report/paint.ts";
import { type ModelArguments, modelFolder } from "./model-folder.ts";
import { type NamedPictures, picturesNamed } from "./pictures-named.ts";

export interface PredictArguments extends ModelArguments, NamedPictures {
  readonly topK: number;
  readonly json: boolean;
}

/**
 * Says what is on each picture file: a table, or with `--json` a line of JSON for each.
 *
 * @throws PicturesError at the end, for those that could not be read.
 */
export async function predict(args: PredictArguments, io: Io): Promise<void> {
  const images = await picturesNamed(args, io);
  const model = await load(await modelFolder(args, io), { device: args.device, worker: false });
  const paint = paintFor(io.stdout, io.env);
  const rows: string[][] = [];
  const failures = new Map<string, Error>();
  try {
    for (const image of images) {
      if (io.signal.aborted) throw new InterruptedError();
      try {
        const reading = await model.read(resolve(io.cwd, image), { topK: args.topK });
        if (args.json) io.stdout.write(`${lineOf(image, reading)}\n`);
        else rows.push(rowOf(image, reading, paint));
      } catch (error) {
        if (!(error instanceof PictureError || error instanceof EmptyDrawingError)) throw error;
        failures.set(image, error);
      }
    }
  } finally {
    await model.dispose();
  }
  if (rows.length > 0) io.stdout.write(`${columns(rows).join("\n")}\n`);
  if (failures.size > 0) throw new PicturesError(failures);
}

const lineOf = (image: string, { candidates, confidence, rejected }: Reading): string =>
  JSON.stringify({ image, candidates, confidence, rejected });

const rowOf = (image: string, { candidates, rejected }: Reading, paint: Paint): string[] => [
  image,
  ...candidates.map(({ label, score }, place) => {
    const answer = `${label}  ${percent(score)}`;
    return place === 0 ? paint.bold(rejected ? `${answer}?` : answer) : paint.dim(answer);
  }),
];
