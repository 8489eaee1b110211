import { extname } from "node:path";
import { fileURLToPath } from "node:url";

/** The process of a node-* target; it stands beside this file, as source and as built. */
export const nodeTargetFile = (): string =>
  fileURLToPath(new URL(`./node-target.worker${extname(import.meta.url)}`, import.meta.url));
