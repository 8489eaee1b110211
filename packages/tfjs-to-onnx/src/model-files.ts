import { randomUUID } from "node:crypto";
import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Tensor } from "@glyphcast/onnx";
import { isObject } from "./config.ts";
import { FileError, NotAModelError } from "./errors.ts";
import { readWeights } from "./weights.ts";

/** A model as it lies on disk: `model.json` and the shards beside it. */
export interface ModelFiles {
  readonly modelJson: unknown;
  readonly weights: Map<string, Tensor>;
}

/**
 * Reads `model.json`, or the folder that holds it, and all its weights.
 * @throws FileError, NotAModelError, WeightError, WeightPathError
 */
export async function readModelFiles(path: string): Promise<ModelFiles> {
  const file = (await isFolder(path)) ? join(path, "model.json") : path;
  const modelJson = parseJson(await read(file), file);
  if (!isObject(modelJson)) throw new NotAModelError(`"${file}" does not hold a JSON object.`);
  const folder = dirname(file);
  const weights = await readWeights(modelJson.weightsManifest, (shard) => read(join(folder, shard)));
  return { modelJson, weights };
}

/** Writes a file so that it appears whole or not at all. @throws FileError */
export async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const aside = `${path}.${randomUUID()}.partial`;
  try {
    await writeFile(aside, bytes);
    await rename(aside, path);
  } catch (cause) {
    await rm(aside, { force: true });
    throw new FileError(path, "written", cause);
  }
}

async function read(path: string): Promise<Uint8Array> {
  return readFile(path).catch((cause: unknown) => {
    throw new FileError(path, "read", cause);
  });
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );

function parseJson(bytes: Uint8Array, path: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new NotAModelError(`"${path}" is not JSON: ${reason}.`, { cause });
  }
}
