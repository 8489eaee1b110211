import type { EpochRecord } from "../training/progress.ts";

const COLUMNS = [
  "epoch",
  "loss",
  "accuracy",
  "validationLoss",
  "validationAccuracy",
  "learningRate",
  "imagesPerSecond",
  "seconds",
] as const satisfies readonly (keyof EpochRecord)[];

/** metrics.csv at the start of a run: a header, and a row for each epoch that an interrupted one had done. */
export const metricsCsv = (records: readonly EpochRecord[]): string =>
  `${COLUMNS.join(",")}\n${records.map(metricsRow).join("")}`;

/** The row of an epoch, with its line's end. */
export const metricsRow = (record: EpochRecord): string =>
  `${COLUMNS.map((column) => record[column] && Number(record[column].toPrecision(7))).join(",")}\n`;
