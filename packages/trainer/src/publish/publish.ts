import { copyFile, mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Manifest } from "@glyphcast/runtime";
import { OutputError, UsageError } from "../errors.ts";
import { json } from "../report/json.ts";
import { reasonOf } from "../report/run-folder.ts";
import { tritonConfig } from "./triton.ts";

export interface Publication {
  /** The folder of all models. */
  readonly models: string;
  readonly name: string;
  /** The folder of model.onnx and whatever else the manifest lists. */
  readonly from: string;
  /** Its manifest, whose name and version are replaced. */
  readonly manifest: Manifest;
}

/**
 * Adds a model to the folder that Triton, OpenVINO Model Server and KServe serve as it stands, as the version after the
 * last one there. A version appears whole or not at all; those before it are never touched. Returns its folder.
 *
 * @throws OutputError when the folder cannot be written, or holds a model with other labels or another input.
 */
export async function publish({ models, name, from, manifest }: Publication): Promise<string> {
  checkModelName(name);
  const folder = join(models, name);
  const aside = join(folder, `.${process.pid}.partial`);
  try {
    await mkdir(aside, { recursive: true });
    const version = String(1 + (await lastVersion(folder)));
    for (const file of Object.keys(manifest.files)) await copyFile(join(from, file), join(aside, file));
    await writeFile(join(aside, "manifest.json"), json({ ...manifest, name, version }));
    await agreeOn(join(folder, "config.pbtxt"), tritonConfig(name, manifest));
    await agreeOn(join(folder, "labels.txt"), `${manifest.labels.join("\n")}\n`);
    await rename(aside, join(folder, version));
    return join(folder, version);
  } catch (cause) {
    await rm(aside, { recursive: true, force: true });
    await rmdir(folder).catch(() => {}); // succeeds only where nothing else is in it
    if (cause instanceof OutputError) throw cause;
    throw new OutputError(
      folder,
      `cannot be written (${reasonOf(cause)})`,
      "Name another folder with --models DIR.",
      cause,
    );
  }
}

/** @throws UsageError for what is no name of one folder. */
export function checkModelName(name: string): void {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name))
    throw new UsageError(
      `--publish: "${name}" is not a model name.\n  Use letters, digits, "-", "_" and ".", as in --publish digits.`,
    );
}

/** Writes a file that all versions share, or makes sure that the one there says the same. */
async function agreeOn(path: string, content: string): Promise<void> {
  const present = await readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return undefined;
    throw cause;
  });
  if (present === content) return;
  if (present !== undefined)
    throw new OutputError(
      path,
      "belongs to a model with other labels or another input, and all versions of a model share it",
      "Publish under another name, or remove the model there first.",
    );
  const aside = `${path}.${process.pid}.partial`;
  await writeFile(aside, content);
  await rename(aside, path);
}

/** Versions are numbers without leading zeros; 0 when there is none yet. */
async function lastVersion(folder: string): Promise<number> {
  const names = await readdir(folder);
  return Math.max(0, ...names.filter((name) => /^[1-9][0-9]*$/.test(name)).map(Number));
}
