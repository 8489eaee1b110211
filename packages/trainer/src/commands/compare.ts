import { basename, resolve } from "node:path";
import { UsageError } from "../errors.ts";
import type { Io } from "../io.ts";
import { bytes, clock, columns, count, percent } from "../report/format.ts";
import { json } from "../report/json.ts";
import { paintFor } from "../report/paint.ts";
import type { Summary } from "../report/summary.ts";
import { readJson } from "../report/write-report.ts";

export interface CompareArguments {
  readonly run: readonly string[];
  readonly json: boolean;
}

const ROWS: readonly (readonly [what: string, of: (summary: Summary) => string])[] = [
  ["test accuracy", ({ testAccuracy }) => percent(testAccuracy)],
  ["test errors", ({ testErrors, testImages }) => `${count(testErrors)} of ${count(testImages)}`],
  ["held out", ({ validationAccuracy }) => (validationAccuracy === undefined ? "none" : percent(validationAccuracy))],
  ["data", ({ dataset }) => `${dataset.name} ${dataset.sha256.slice(0, 8)}`],
  ["recipe", ({ recipe }) => recipe],
  ["seed", ({ seed }) => String(seed)],
  ["epochs × batch", ({ epochs, batchSize }) => `${epochs} × ${batchSize}`],
  ["parameters", ({ parameters }) => count(parameters)],
  ["model.onnx", ({ model }) => bytes(model.bytes)],
  ["training", ({ trainSeconds }) => clock(trainSeconds)],
  ["pictures a second", ({ imagesPerSecond }) => count(imagesPerSecond)],
  ["engine", ({ engine }) => engine],
];

/** Sets runs side by side. */
export async function compare({ run, json: asJson }: CompareArguments, io: Io): Promise<void> {
  const runs = await Promise.all(
    run.map(async (name) => ({ name, summary: await readJson<Summary>(resolve(io.cwd, name), "summary.json") })),
  );
  if (runs.length < 2) throw new UsageError("One run is nothing to compare: give two or more.");
  if (asJson) {
    io.stdout.write(json(runs.map(({ name, summary }) => ({ run: name, ...summary }))));
    return;
  }
  const paint = paintFor(io.stdout, io.env);
  const [head, ...rows] = columns(
    [
      ["", ...runs.map(({ name }) => basename(name))],
      ...ROWS.map(([what, of]) => [what, ...runs.map(({ summary }) => of(summary))]),
    ],
    [false, ...runs.map(() => true)],
  );
  const data = new Set(runs.map(({ summary }) => summary.dataset.sha256));
  const warning =
    data.size > 1 ? ["", " These runs were judged by different data: their accuracies do not compare."] : [];
  io.stdout.write(`${["", ` ${paint.bold(head!)}`, ...rows.map((row) => ` ${row}`), ...warning, ""].join("\n")}\n`);
}
