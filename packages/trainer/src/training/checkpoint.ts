import { access, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { ResumeError } from "../errors.ts";
import type { Recipe } from "../recipes/recipe.ts";
import type { EpochRecord } from "./progress.ts";
import type { TrainSettings } from "./settings.ts";

/** Where a training stands between two steps. With the settings and the data it decides all that follows. */
export interface TrainingState {
  readonly records: readonly EpochRecord[];
  /** Of the epoch under way. */
  readonly epoch: { readonly steps: number; readonly loss: number; readonly correct: number; readonly seconds: number };
}

/** `checkpoint.json`; the weights and the optimiser's state lie beside it. */
export interface Checkpoint {
  readonly schemaVersion: 1;
  readonly settings: TrainSettings;
  readonly recipe: Recipe;
  readonly dataset: { readonly name: string; readonly sha256: string };
  readonly state: TrainingState;
  /** The name of the file of what the engine keeps. */
  readonly engine: string;
}

/** A checkpoint with what the engine keeps: of the network under way, and of each that is done. */
export interface CheckpointFiles {
  readonly checkpoint: Checkpoint;
  readonly engineState: Uint8Array;
  readonly networks: readonly Uint8Array[];
}

const FILE = "checkpoint.json";
const ENGINE_FILE = /^checkpoint-.*\.safetensors$/;
const NETWORK_FILE = /^network-.*\.safetensors$/;
const networkFile = (index: number): string => `network-${index + 1}.safetensors`;

/** Writes a checkpoint over the one before: whenever the process dies, one of them is whole. */
export async function writeCheckpoint(
  folder: string,
  checkpoint: Omit<Checkpoint, "schemaVersion" | "engine">,
  engineState: Uint8Array,
): Promise<void> {
  const { records, epoch } = checkpoint.state;
  const engine = `checkpoint-${records.length + 1}-${epoch.steps}.safetensors`;
  await writeFile(join(folder, engine), engineState);
  const aside = join(folder, `.${FILE}`);
  await writeFile(aside, JSON.stringify({ schemaVersion: 1, ...checkpoint, engine } satisfies Checkpoint));
  await rename(aside, join(folder, FILE));
  await removeFiles(folder, (name) => ENGINE_FILE.test(name) && name !== engine);
}

/** Writes what the engine keeps of a network that is done, where more are to come: its place counts from 0. */
export async function writeNetwork(folder: string, index: number, engineState: Uint8Array): Promise<void> {
  const aside = join(folder, `.${networkFile(index)}`);
  await writeFile(aside, engineState);
  await rename(aside, join(folder, networkFile(index)));
}

/** Once a run is whole, nothing is to be resumed. */
export async function removeCheckpoint(folder: string): Promise<void> {
  await rm(join(folder, FILE), { force: true });
  await removeFiles(folder, (name) => ENGINE_FILE.test(name) || NETWORK_FILE.test(name));
}

async function removeFiles(folder: string, chosen: (name: string) => boolean): Promise<void> {
  const names = (await readdir(folder)).filter(chosen);
  await Promise.all(names.map((name) => rm(join(folder, name), { force: true })));
}

export const hasCheckpoint = (folder: string): Promise<boolean> =>
  access(join(folder, FILE)).then(
    () => true,
    () => false,
  );

/**
 * The interrupted run that `path` means: itself, or the newest one in it.
 *
 * @throws ResumeError
 */
export async function findInterrupted(path: string): Promise<string> {
  if (await hasCheckpoint(path)) return path;
  const names = await readdir(path).catch(() => []);
  const byId = names.sort((a, b) => (a.replace(/^\./, "") < b.replace(/^\./, "") ? 1 : -1));
  for (const name of byId) if (await hasCheckpoint(join(path, name))) return join(path, name);
  throw new ResumeError(path, "no checkpoint", "the folder of an interrupted run, or the folder of the runs");
}

/** @throws ResumeError when a file is missing or damaged. */
export async function readCheckpoint(folder: string): Promise<CheckpointFiles> {
  try {
    const checkpoint: Checkpoint = JSON.parse(await readFile(join(folder, FILE), "utf8"));
    if (checkpoint.schemaVersion !== 1) throw new Error(`its schema version is ${checkpoint.schemaVersion}`);
    const read = async (name: string) => new Uint8Array(await readFile(join(folder, name)));
    const done = (await readdir(folder)).filter((name) => NETWORK_FILE.test(name)).length;
    const networks = await Promise.all(Array.from({ length: done }, (_, i) => read(networkFile(i))));
    return { checkpoint, engineState: await read(basename(checkpoint.engine)), networks };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ResumeError(folder, `a damaged checkpoint (${reason})`, "a whole one", cause);
  }
}
