import { cpSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

/** Vite reads paths as URLs, so it loses its way below a folder with one of these in its name. */
const MISREAD_BY_VITE = /[#?%']/;

/** What is made anew where it is needed. */
const MADE = new Set(["node_modules", "dist", "runs", ".cache", ".git"]);

/**
 * Does `work` in `root`, or, where Vite cannot work in a folder of that name, in a copy that is removed afterwards.
 *
 * @template T
 * @param {string} root
 * @param {(root: string) => Promise<T>} work
 * @returns {Promise<T>}
 */
export const inPlainPath = async (root, work) => {
  const misread = MISREAD_BY_VITE.exec(root)?.[0];
  if (misread === undefined) return work(root);
  const copy = mkdtempSync(join(realpathSync(tmpdir()), "glyphcast-"));
  console.log(`Vite cannot work below a folder with ${misread} in its name: going on in a copy, ${copy}`);
  try {
    cpSync(root, copy, { recursive: true, filter: (path) => !MADE.has(basename(path)) });
    return await work(copy);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
};
