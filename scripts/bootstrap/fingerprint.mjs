import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/**
 * The files below `folder`, as sorted paths relative to it; none when there is no such folder.
 *
 * @param {string} folder
 * @returns {string[]}
 */
export const filesBelow = (folder) => {
  const entries = readdirSyncIfThere(folder);
  return entries
    .flatMap((entry) =>
      entry.isDirectory() ? filesBelow(join(folder, entry.name)).map((below) => `${entry.name}/${below}`) : entry.name,
    )
    .sort();
};

/** @param {string} folder */
const readdirSyncIfThere = (folder) =>
  statSync(folder, { throwIfNoEntry: false }) ? readdirSync(folder, { withFileTypes: true }) : [];

/**
 * One hash of the names and contents of files. Contents rather than dates: a checkout touches files without changing
 * them, and the sources are small.
 *
 * @param {string} folder
 * @param {string[]} paths Relative to `folder`. One that is missing counts as such.
 */
export const fingerprint = (folder, paths) => {
  const hash = createHash("sha256");
  for (const path of paths) {
    const content = statSync(join(folder, path), { throwIfNoEntry: false }) && readFileSync(join(folder, path));
    hash.update(`${path}\0${content?.length ?? "missing"}\0`).update(content ?? "");
  }
  return hash.digest("hex");
};
