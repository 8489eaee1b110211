import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { type DataDescription, describeData } from "../datasets/describe.ts";
import type { Dataset } from "../datasets/labelled-images.ts";
import { openDataset } from "../datasets/open-dataset.ts";
import type { Fit, PictureSize } from "../datasets/picture-steps.ts";
import { OutputError } from "../errors.ts";
import type { Io } from "../io.ts";
import { contactSheet } from "../report/contact-sheet.ts";
import { columns, count, plural } from "../report/format.ts";
import { json } from "../report/json.ts";
import { type Paint, paintFor } from "../report/paint.ts";
import { reasonOf } from "../report/run-folder.ts";

export interface DataDescribeArguments {
  readonly source: string;
  readonly size?: PictureSize | undefined;
  readonly fit?: Fit | undefined;
  readonly grey?: boolean | undefined;
  readonly strict: boolean;
  readonly sheet?: string | undefined;
  readonly json: boolean;
}

/** Pictures of each class on the contact sheet. */
const PER_CLASS = 20;

/** Says what is in a dataset: how many of each class, of what size, which twice, which empty. */
export async function dataDescribe(args: DataDescribeArguments, io: Io): Promise<void> {
  const { size, fit, grey, strict } = args;
  const dataset = await openDataset(args.source, io.cwd, { size, fit, grey, strict });
  const { train, validation, labels } = dataset;
  const parts = { train, ...(validation && { validation }), test: await dataset.test() };
  const description = describeData(parts, labels.length);
  if (args.sheet !== undefined) {
    const path = resolve(io.cwd, args.sheet);
    await writeFile(path, await contactSheet(train, labels.length, PER_CLASS)).catch((cause: unknown) => {
      throw new OutputError(
        path,
        `cannot be written (${reasonOf(cause)})`,
        "Name another file with --sheet FILE.",
        cause,
      );
    });
  }
  const { name, imageShape, sha256, skipped } = dataset;
  if (args.json) io.stdout.write(json({ name, labels, imageShape, sha256, ...description, skipped }));
  else
    io.stdout.write(`${descriptionText(dataset, description, args.sheet, paintFor(io.stdout, io.env)).join("\n")}\n`);
}

function descriptionText(
  { name, note, labels, skipped }: Dataset,
  { splits, leaked }: DataDescription,
  sheet: string | undefined,
  paint: Paint,
): string[] {
  const parts = Object.entries(splits);
  const row = (what: string, of: (split: DataDescription["splits"][string]) => number): string[] => [
    what,
    ...parts.map(([, split]) => count(of(split))),
  ];
  const table = columns(
    [
      ["class", ...parts.map(([part]) => part)],
      ...labels.map((label, i) => row(label, ({ perClass }) => perClass[i]!)),
      row("all", ({ images }) => images),
      row("seen twice", ({ duplicates }) => duplicates),
      row("… with another label", ({ contradictions }) => contradictions),
      row("of one level", ({ constant }) => constant),
    ],
    [false, ...parts.map(() => true)],
  );
  return [
    "",
    ` ${paint.bold(name)}  ${paint.dim(note)}`,
    "",
    ...table.map((line, i) => ` ${i === 0 ? paint.bold(line) : line}`),
    "",
    ` ${plural(leaked, "test picture")} among those to train on`,
    ...(skipped.length === 0 ? [] : [` ${plural(skipped.length, "file")} left out:`]),
    ...skipped.map(({ path, reason }) => `   ${path}: ${reason}`),
    ...(sheet === undefined ? [] : [` The first ${PER_CLASS} of each class are in ${paint.cyan(sheet)}`]),
    "",
  ];
}
