import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ModelFolder, ModelNotFoundError, OptionValueError } from "@glyphcast/runtime";

/**
 * The version folder that `path` means: itself when it holds a manifest, else the highest version in it.
 *
 * @throws ModelNotFoundError
 */
export async function findVersion(path: string | URL): Promise<string> {
  const folder = pathOf(path);
  const names = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    throw new ModelNotFoundError(folder, FAILURES[cause.code ?? ""] ?? cause.message, REMEDY, { cause });
  });
  if (names.includes("manifest.json")) return folder;

  const versions = names.filter((name) => /^[1-9]\d*$/.test(name)).sort((a, b) => Number(b) - Number(a));
  for (const version of versions) {
    const candidate = join(folder, version);
    if (await isFile(join(candidate, "manifest.json"))) return candidate;
  }
  const found = names.length === 0 ? "the folder is empty" : `it holds ${names.slice(0, 5).join(", ")} and no manifest`;
  throw new ModelNotFoundError(folder, found, REMEDY);
}

/** The files of a version folder on disk. */
export function folderOnDisk(where: string, signal: AbortSignal | undefined): ModelFolder {
  const read = (file: string) =>
    readFile(join(where, file), { signal: signal as AbortSignal }).catch((cause: NodeJS.ErrnoException) => {
      signal?.throwIfAborted();
      throw new ModelNotFoundError(join(where, file), FAILURES[cause.code ?? ""] ?? cause.message, REMEDY, { cause });
    });
  return {
    where,
    readText: async (file) => (await read(file)).toString("utf8"),
    async readBytes(file, total, onProgress) {
      onProgress({ file, loaded: 0, total });
      const bytes = await read(file);
      onProgress({ file, loaded: bytes.length, total });
      return bytes;
    },
    // Off the main thread, unlike createHash.
    sha256: async (bytes) => Buffer.from(await crypto.subtle.digest("SHA-256", bytes)).toString("hex"),
  };
}

const REMEDY =
  "Give the folder that holds manifest.json and model.onnx, such as models/digits/1, or models/digits for its newest version.";

const FAILURES: Readonly<Record<string, string>> = {
  ENOENT: "it does not exist",
  ENOTDIR: "it is a file, not a folder",
  EISDIR: "it is a folder, not a file",
  EACCES: "it may not be read",
};

function pathOf(folder: string | URL): string {
  if (typeof folder === "string" && !/^\w{2,}:\/\//.test(folder)) return folder;
  const url = new URL(folder);
  if (url.protocol === "file:") return fileURLToPath(url);
  throw new OptionValueError("folder", `the URL ${url.href}`, "a path, or a file: URL: download the folder first");
}

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (entry) => entry.isFile(),
    () => false,
  );
