import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** @type {import("node:module").ResolveHook} */
export async function resolve(specifier, context, next) {
  const name = /^@glyphcast\/([^/]+)$/.exec(specifier)?.[1];
  return name === undefined
    ? next(specifier, context)
    : next(new URL(`../packages/${name}/src/index.ts`, import.meta.url).href, context);
}

/** @type {import("node:module").LoadHook} */
export async function load(url, context, next) {
  if (!url.startsWith("file:") || !url.endsWith(".ts")) return next(url, context);
  const path = fileURLToPath(url);
  return { format: "module", source: await javaScriptOf(path, await readFile(path, "utf8")), shortCircuit: true };
}

const MODULES = new URL("../node_modules/", import.meta.url);
const CACHE = fileURLToPath(new URL(".cache/typescript/", MODULES));
const { version } = JSON.parse(await readFile(new URL("vite/package.json", MODULES), "utf8"));

/**
 * Kept by what the file holds: the many processes that tests start are spared loading what transforms it.
 *
 * @param {string} path
 * @param {string} text
 */
async function javaScriptOf(path, text) {
  const key = createHash("sha256").update(`${version}\0${path}\0${text}`).digest("hex");
  const cached = `${CACHE}${key}.js`;
  try {
    return await readFile(cached, "utf8");
  } catch {
    const { transformWithOxc } = await import("vite");
    const { code } = await transformWithOxc(text, path, { sourcemap: false });
    await mkdir(CACHE, { recursive: true });
    // Several processes may be at it: each puts a whole file in place.
    const own = `${cached}.${process.pid}`;
    await writeFile(own, code);
    await rename(own, cached);
    return code;
  }
}
