import { readFile } from "node:fs/promises";
import { dirname, relative, sep } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { UnavailableError } from "../errors.ts";
import { resolvePeer } from "../peers.ts";
import type { ServedFolder } from "../target/page-server.ts";

/** Where a page's packages come from: installed ones by default. */
export interface PageModules {
  /** The path of a package's module, as one in `folder` imports it. */
  resolve(name: string, folder: string | undefined): string;
  /** What that module, or one beside it, holds as JavaScript. */
  read(path: string): Promise<string>;
}

const HERE = dirname(fileURLToPath(import.meta.url));

const INSTALLED: PageModules = {
  resolve: (name, folder) => resolvePeer(name, folder ? [folder] : [HERE, process.cwd()]),
  read: (path) => readFile(path, "utf8"),
};

/** `@glyphcast/runtime-web`, what it imports, and what that does. */
const PACKAGES = ["@glyphcast/runtime-web", "@glyphcast/runtime", "@glyphcast/preprocess"] as const;

/**
 * Serves `@glyphcast/runtime-web` to a page without a bundler: the page's import map, and the folders it leads to.
 * @throws UnavailableError when it is not installed.
 */
export function servePageModules(
  label: string,
  { resolve, read }: PageModules = INSTALLED,
): { readonly importMap: string; readonly folders: Readonly<Record<string, ServedFolder>> } {
  const imports: Record<string, string> = {
    "onnxruntime-web/wasm": "./ort/ort.wasm.min.mjs",
    "onnxruntime-web/webgpu": "./ort/ort.webgpu.min.mjs",
  };
  const folders: Record<string, ServedFolder> = {};
  let importer: string | undefined;
  for (const [i, name] of PACKAGES.entries()) {
    const path = find(() => resolve(name, importer), name, label);
    importer = dirname(path);
    folders[`package-${i}`] = { folder: importer, read };
    imports[name] = `./package-${i}/${relative(importer, path).split(sep).join("/")}`;
  }
  return { importMap: JSON.stringify({ imports }), folders };
}

function find(resolve: () => string, name: string, label: string): string {
  try {
    return resolve();
  } catch (cause) {
    const reason = `${name} cannot be found.\n  Install it: npm install @glyphcast/runtime-web`;
    throw new UnavailableError(label, reason, { cause });
  }
}
