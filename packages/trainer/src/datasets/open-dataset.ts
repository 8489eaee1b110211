import { resolve } from "node:path";
import { UsageError } from "../errors.ts";
import type { Dataset } from "./labelled-images.ts";
import { loadMnist } from "./mnist.ts";

/** What `--data` takes: a kind, and after a colon what the kind needs. */
const openers: Record<string, (rest: string | undefined, cwd: string) => Promise<Dataset>> = {
  mnist: (directory, cwd) => loadMnist(directory === undefined ? {} : { directory: resolve(cwd, directory) }),
};

/** @throws UsageError for a kind that is not known; DatasetError for data that cannot be used. */
export async function openDataset(source: string, cwd: string): Promise<Dataset> {
  const colon = source.indexOf(":");
  const kind = colon === -1 ? source : source.slice(0, colon);
  const open = Object.hasOwn(openers, kind) ? openers[kind] : undefined;
  if (open === undefined)
    throw new UsageError(`--data: "${source}" is not a dataset.\n  Known are ${Object.keys(openers).join(", ")}.`);
  return open(colon === -1 ? undefined : source.slice(colon + 1), cwd);
}
