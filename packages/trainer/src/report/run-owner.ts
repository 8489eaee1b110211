import { readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, join } from "node:path";
import { hasCheckpoint } from "../training/checkpoint.ts";

/** Which process writes a run's folder: a run that was killed is known by its owner being gone. */
interface Owner {
  readonly host: string;
  readonly pid: number;
  /** When the process began, since numbers of processes are used again: milliseconds since 1970. */
  readonly began: number;
}

const FILE = ".owner.json";
const PARTIAL = /^\..+\.partial$/;
/** A folder without an owner is as good as new for so long: its owner may be about to sign. */
const UNSIGNED_MS = 60_000;

const me = (): Owner => ({ host: hostname(), pid: process.pid, began: performance.timeOrigin });

/** The hidden folder in which the run `id` is written. */
export const partialPath = (out: string, id: string): string => join(out, `.${id}.partial`);

/** Writes this process's name into a run's folder. */
export const sign = (folder: string): Promise<void> => writeFile(join(folder, FILE), JSON.stringify(me()));

/** Takes it out again, once the folder is whole. */
export const unsign = (folder: string): Promise<void> => rm(join(folder, FILE), { force: true });

/** What a run's name ends in when it can be gone on with. */
export const INTERRUPTED = "interrupted";

/** The name that a run will have, from that of its folder while it is written or interrupted. */
export const idOf = (folder: string): string =>
  basename(folder)
    .replace(/^\.(.+)\.partial$/, "$1")
    .replace(new RegExp(`-${INTERRUPTED}$`), "");

async function setAside(out: string, folder: string): Promise<void> {
  const destination = join(out, `${idOf(folder)}-${INTERRUPTED}`);
  await rename(folder, destination);
  await unsign(destination);
}

/** The process that writes a folder now, or may. */
export async function livingOwner(folder: string): Promise<{ host: string; pid: number } | undefined> {
  const owner = await readOwner(folder);
  return owner !== undefined && !(owner.host === hostname() && !isAlive(owner)) ? owner : undefined;
}

/**
 * Removes what killed runs left in `out`, and names it interrupted where it has a checkpoint. Folders of other machines
 * are not judged, for their processes cannot be seen from here; what cannot be removed stays.
 */
export async function removeAbandoned(out: string): Promise<void> {
  for (const name of (await readdir(out)).filter((name) => PARTIAL.test(name))) {
    const folder = join(out, name);
    if (!(await isAbandoned(folder))) continue;
    if (await hasCheckpoint(folder)) await setAside(out, folder).catch(() => {});
    else await rm(folder, { recursive: true, force: true }).catch(() => {});
  }
}

async function isAbandoned(folder: string): Promise<boolean> {
  const owner = await readOwner(folder);
  if (owner !== undefined) return owner.host === hostname() && !isAlive(owner);
  const entry = await stat(folder).catch(() => undefined);
  return entry !== undefined && Date.now() - entry.mtimeMs > UNSIGNED_MS;
}

const readOwner = (folder: string): Promise<Owner | undefined> =>
  readFile(join(folder, FILE), "utf8")
    .then(JSON.parse)
    .catch(() => undefined);

function isAlive({ pid, began }: Owner): boolean {
  if (pid === process.pid) return began === performance.timeOrigin;
  try {
    process.kill(pid, 0); // signal 0 only asks
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // it lives, and is somebody else's
  }
}
