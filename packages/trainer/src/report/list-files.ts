import { readdir, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import type { ListedFile } from "./summary-text.ts";

/** What a run's folder holds, most wanted first. */
const FILES = {
  "report.html": "curves, confusion, mistakes: open it in a browser",
  "model/model.onnx": "the model: raw pixels in, probabilities out",
  "model/manifest.json": "its labels, preprocessing, figures and sums",
  "model/README.md": "its model card",
  "tfjs/model.json": "the same network for TensorFlow.js",
  "tfjs/weights.bin": "and its weights",
  "metrics.csv": "a row per epoch",
  "summary.json": "the figures above",
  "plots/": "its plots, each a PNG",
  "report.json": "all that the report shows",
  "recipe.json": "all that decided them, with the seed and the data",
} as const;

/** The files of a run, with their sizes. */
export const listFiles = (run: string): Promise<ListedFile[]> =>
  Promise.all(
    Object.entries(FILES).map(async ([path, describe]) => ({
      path,
      bytes: await sizeOf(join(run, path)),
      describe,
    })),
  );

/** A file's, or that of all files in a folder whose name ends in "/". */
async function sizeOf(path: string): Promise<number> {
  if (!path.endsWith(sep)) return (await stat(path)).size;
  const files = await readdir(path);
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(path, file))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
