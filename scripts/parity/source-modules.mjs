import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { transformWithOxc } from "vite";

/**
 * This repository's sources as a page's modules: what is compared is never a stale build.
 *
 * @type {import("@glyphcast/onnx-parity").PageModules}
 */
export const sourceModules = {
  resolve: (name) =>
    fileURLToPath(new URL(`../../packages/${name.replace("@glyphcast/", "")}/src/index.ts`, import.meta.url)),
  read: async (path) => (await transformWithOxc(await readFile(path, "utf8"), path, { sourcemap: false })).code,
};
