import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";

/**
 * Loads a package that this one can do without: the one beside it, or else that of the project in whose folder it is
 * run, as commands are that `npx` keeps elsewhere.
 *
 * load: `() => import("the-package")`, so that bundlers and types know which.
 */
export async function importPeer<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    return (await import(pathToFileURL(resolvePeer(name, [process.cwd()])).href)) as T;
  }
}

/** A package's module: the one beside this package, or that of the first of some folders that has one. */
export function resolvePeer(name: string, folders: readonly string[]): string {
  const [from, ...rest] = folders;
  if (from === undefined) throw Object.assign(new Error(`Cannot find ${name}.`), { code: "ERR_MODULE_NOT_FOUND" });
  try {
    return createRequire(join(from, "package.json")).resolve(name);
  } catch {
    return resolvePeer(name, rest);
  }
}
