import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { ListedFile } from "./summary-text.ts";

/** What a run's folder holds, most wanted first. */
const FILES = {
  "report.html": "curves, confusion, mistakes: open it in a browser",
  "model/model.onnx": "the model: raw pixels in, probabilities out",
  "model/manifest.json": "its labels, preprocessing, figures and sums",
  "tfjs/model.json": "the same network for TensorFlow.js",
  "tfjs/weights.bin": "and its weights",
  "metrics.csv": "a row per epoch",
  "summary.json": "the figures above",
  "report.json": "all that the report shows",
  "recipe.json": "all that decided them, with the seed and the data",
} as const;

/** The files of a run, with their sizes. */
export const listFiles = (run: string): Promise<ListedFile[]> =>
  Promise.all(
    Object.entries(FILES).map(async ([path, describe]) => ({
      path,
      bytes: (await stat(join(run, path))).size,
      describe,
    })),
  );
