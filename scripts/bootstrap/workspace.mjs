import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * What this repository needs to know of a package.json.
 *
 * @typedef {{
 *   name: string,
 *   version: string,
 *   private?: boolean,
 *   packageManager?: string,
 *   engines?: Record<string, string>,
 *   exports?: unknown,
 *   bin?: string | Record<string, string>,
 *   dependencies?: Record<string, string>,
 *   devDependencies?: Record<string, string>,
 *   peerDependencies?: Record<string, string>,
 * }} Manifest
 */

/**
 * @param {string} folder
 * @returns {Manifest}
 */
export const readManifest = (folder) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));

/**
 * The folders of the workspace's packages, relative to `root`.
 *
 * @param {string} root
 * @returns {string[]}
 */
export const packageFolders = (root) =>
  readdirSync(join(root, "packages"))
    .filter((name) => existsSync(join(root, "packages", name, "package.json")))
    .map((name) => `packages/${name}`)
    .sort();

/**
 * The packages that others install: all but the private ones.
 *
 * @param {string} root
 * @returns {string[]}
 */
export const publicPackages = (root) =>
  packageFolders(root).filter((folder) => readManifest(join(root, folder)).private !== true);

/**
 * The JavaScript file behind a command of an installed package, to be run by this Node: what `.bin` holds are shell
 * scripts, which differ between systems.
 *
 * @param {string} folder The package that depends on it.
 * @param {string} name
 * @param {string} [command]
 */
export const commandFile = (folder, name, command = name) => {
  const installed = join(folder, "node_modules", name);
  const { bin } = readManifest(installed);
  const file = typeof bin === "string" ? bin : bin?.[command];
  if (file === undefined) throw new Error(`bug: ${name} has no command "${command}"`);
  return join(installed, file);
};
