import { lstat, mkdir, readFile, readlink, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { OutputError } from "../errors.ts";
import { hasCheckpoint } from "../training/checkpoint.ts";
import { INTERRUPTED, idOf, livingOwner, partialPath, removeAbandoned, sign, unsign } from "./run-owner.ts";

const LATEST = "latest";

/** A run's folder while it is being written: it has its own name only once it is whole. */
export interface RunFolder {
  /** What the run will be called. */
  readonly id: string;
  /** Where its files are written. */
  readonly path: string;
  /** Where they will be in the end; with a `suffix`, that of a run kept although it failed a check. */
  readonly destination: (suffix?: string) => string;
  /** Moves the folder there, and when it has no suffix points `latest` at it. */
  readonly finish: (suffix?: string) => Promise<void>;
  /**
   * Leaves nothing behind, or only a checkpoint, in `destination(INTERRUPTED)`: then true. Does nothing once the folder
   * is finished.
   */
  readonly discard: () => Promise<boolean>;
}

/**
 * Opens the folder of a new run in `out`, and removes what runs left there that were killed. Its name is the time, to
 * the second, and the recipe.
 *
 * @throws OutputError when `out` cannot be created or written.
 */
export async function openRunFolder(out: string, recipe: string, now: Date = new Date()): Promise<RunFolder> {
  if (await isDirectory(join(out, LATEST)))
    throw new OutputError(
      join(out, LATEST),
      "is a folder, where the link to the newest run belongs",
      "Rename it, or name another folder with --out DIR.",
    );
  const time = now.toISOString().slice(0, 19).replaceAll(":", "-");
  try {
    await mkdir(out, { recursive: true });
    await removeAbandoned(out);
    const id = await claimName(out, `${time}-${recipe}`);
    await sign(partialPath(out, id));
    return runFolder(out, id);
  } catch (cause) {
    throw new OutputError(out, `cannot be written (${reasonOf(cause)})`, "Name another folder with --out DIR.", cause);
  }
}

/**
 * Takes over the folder of an interrupted run, under the name that it had.
 *
 * @throws OutputError when another process writes it, or it cannot be written.
 */
export async function reopenRunFolder(folder: string): Promise<RunFolder> {
  const out = dirname(folder);
  const id = idOf(folder);
  const owner = await livingOwner(folder);
  if (owner !== undefined)
    throw new OutputError(
      folder,
      `is being written by process ${owner.pid} on ${owner.host}`,
      "Wait for that run to end, or stop it first.",
    );
  try {
    if (await exists(join(out, id))) throw new Error(`${id} is there already`);
    await rename(folder, partialPath(out, id));
    await sign(partialPath(out, id));
  } catch (cause) {
    throw new OutputError(folder, `cannot be gone on with (${reasonOf(cause)})`, "Is its folder writable?", cause);
  }
  return runFolder(out, id);
}

function runFolder(out: string, id: string): RunFolder {
  const path = partialPath(out, id);
  const destination = (suffix?: string): string => join(out, suffix === undefined ? id : `${id}-${suffix}`);
  return {
    id,
    path,
    destination,
    finish: async (suffix) => {
      await rename(path, destination(suffix));
      await unsign(destination(suffix));
      if (suffix === undefined) await pointLatestAt(out, id);
    },
    discard: async () => {
      const kept = await hasCheckpoint(path);
      if (!kept) await rm(path, { recursive: true, force: true });
      else {
        await rename(path, destination(INTERRUPTED));
        await unsign(destination(INTERRUPTED));
      }
      return kept;
    },
  };
}

/** Makes the folder for the first name that is free, which another run may be taking at this moment. */
async function claimName(out: string, wanted: string): Promise<string> {
  for (let n = 1; ; n++) {
    const id = n === 1 ? wanted : `${wanted}-${n}`;
    if (!(await exists(join(out, id))) && (await makeNew(partialPath(out, id)))) return id;
  }
}

/** Whether there was no such folder before. */
const makeNew = (folder: string): Promise<boolean> =>
  mkdir(folder).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "EEXIST") return false;
      throw error;
    },
  );

const exists = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );

const isDirectory = (path: string): Promise<boolean> =>
  lstat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );

/** `latest` is a link, or a text file with the run's name where links are not allowed. Replaced in one step. */
async function pointLatestAt(out: string, id: string): Promise<void> {
  const latest = join(out, LATEST);
  const next = join(out, `.${LATEST}.${process.pid}`);
  await symlink(id, next, "dir").catch(() => writeFile(next, `${id}\n`));
  try {
    await rename(next, latest);
  } catch (cause) {
    await rm(next, { force: true });
    throw new OutputError(
      latest,
      `cannot be replaced (${reasonOf(cause)})`,
      `The run is complete in ${join(out, id)}; remove ${latest} so that the next run can set it.`,
      cause,
    );
  }
}

/** The newest complete run's folder in `out`, or undefined when there is none. */
export async function latestRun(out: string): Promise<string | undefined> {
  const latest = join(out, LATEST);
  const name = await readlink(latest).catch(() => readFile(latest, "utf8").catch(() => undefined));
  return name === undefined ? undefined : resolve(out, name.trim());
}

/** Node's own words for what the system refused, without the path that the message names already. */
export function reasonOf(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  return code ?? message;
}
