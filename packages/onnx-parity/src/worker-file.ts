import { extname } from "node:path";
import { fileURLToPath } from "node:url";

/** The processes of targets; they stand beside this file, as source and as built. */
export const workerFile = (name: "node-target" | "tfjs-target"): string =>
  fileURLToPath(new URL(`./${name}.worker${extname(import.meta.url)}`, import.meta.url));
