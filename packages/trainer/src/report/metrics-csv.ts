import type { EpochRecord } from "../training/progress.ts";

const COLUMNS = [
  "epoch",
  "loss",
  "accuracy",
  "validationAccuracy",
  "learningRate",
  "imagesPerSecond",
  "seconds",
] as const satisfies readonly (keyof EpochRecord)[];

/** A header, then a row per epoch: what metrics.csv contains. */
export const metricsCsv = (records: readonly EpochRecord[]): string =>
  [COLUMNS, ...records.map((record) => COLUMNS.map((column) => Number(record[column].toPrecision(7))))]
    .map((row) => `${row.join(",")}\n`)
    .join("");
