import { accessSync, constants, existsSync } from "node:fs";
import { join } from "node:path";
import { BootstrapError } from "./bootstrap-error.mjs";
import { packageFolders } from "./workspace.mjs";

/**
 * @param {string} root
 * @throws {BootstrapError} NOT_WRITABLE, when packages and builds could not be put where they belong.
 */
export const assertWritable = (root) => {
  const written = [
    ".",
    "node_modules",
    "node_modules/.cache/glyphcast",
    ...packageFolders(root).flatMap((folder) => [folder, `${folder}/dist`]),
  ].map((folder) => join(root, folder));
  for (const folder of written.filter((folder) => existsSync(folder))) {
    try {
      accessSync(folder, constants.W_OK);
    } catch (cause) {
      throw new BootstrapError(
        "NOT_WRITABLE",
        `${folder} cannot be written to, and the packages and the build go there.\n` +
          "  Give yourself the right to write there, or run from a copy that is yours.",
        { cause },
      );
    }
  }
};
