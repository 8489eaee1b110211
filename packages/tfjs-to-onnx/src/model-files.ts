import { createHash, randomUUID } from "node:crypto";
import { access, constants, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { FileError, WeightError } from "./errors.ts";
import { isUrl, type LoadedModel, modelFromUrl } from "./model-from-url.ts";
import { parseModelJson } from "./model-json.ts";
import type { Weights } from "./stored-weight.ts";
import { readWeights } from "./weights.ts";

/** A model as it lies on disk or on a server: `model.json` and the shards beside it. */
export interface ModelFiles {
  readonly modelJson: unknown;
  readonly weights: Weights;
  /** The shards' bytes, in the manifest's order. */
  readonly shards: readonly Uint8Array[];
  /** What model.json and its shards take. */
  readonly bytes: number;
  /** Of model.json and its shards, one after another. */
  readonly sha256: string;
}

/** Reads `model.json`, the folder that holds it, or a URL of it, and all its weights. @throws TfjsError */
export async function readModelFiles(source: string): Promise<ModelFiles> {
  const parts: Uint8Array[] = [];
  const onBytes = (part: Uint8Array): void => void parts.push(part);
  const model = isUrl(source) ? await modelFromUrl(source, { onBytes }) : await modelFromDisk(source, onBytes);
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  const bytes = parts.reduce((sum, part) => sum + part.length, 0);
  return { ...model, shards: parts.slice(1), bytes, sha256: hash.digest("hex") };
}

async function modelFromDisk(path: string, onBytes: (part: Uint8Array) => void): Promise<LoadedModel> {
  const file = (await isFolder(path)) ? join(path, "model.json") : path;
  const bytes = await read(file);
  onBytes(bytes);
  const modelJson = parseModelJson(bytes, file);
  const folder = dirname(file);
  const weights = await readWeights(modelJson.weightsManifest, async (shard, atMost) => {
    const part = await read(join(folder, shard), atMost);
    onBytes(part);
    return part;
  });
  return { modelJson, weights };
}

/** Whether a file can be written, before any work is put into it. @throws FileError */
export async function expectWritable(path: string): Promise<void> {
  try {
    if (await isFolder(path)) throw new Error("it is a folder");
    await access(dirname(path), constants.W_OK);
  } catch (cause) {
    throw new FileError(path, "written", cause);
  }
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

/** Neither devices, which may never end, nor a file larger than what the manifest still expects. */
async function read(path: string, atMost = Number.POSITIVE_INFINITY): Promise<Uint8Array> {
  try {
    const entry = await stat(path);
    if (!entry.isFile()) throw new Error("it is not a regular file");
    if (entry.size > atMost)
      throw new WeightError(path, `"${path}" has ${entry.size} bytes; the weights need ${atMost}.`);
    return await readFile(path);
  } catch (cause) {
    throw cause instanceof WeightError ? cause : new FileError(path, "read", cause);
  }
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
