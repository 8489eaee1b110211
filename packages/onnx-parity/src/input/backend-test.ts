import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeTensor, OnnxError, type Tensor } from "@glyphcast/onnx";
import { FileError } from "../errors.ts";
import type { Port } from "../target/protocol.ts";

/** The `test_data_set_*` folders of an ONNX backend test. */
export async function dataSetsIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && /^test_data_set_\d+$/.test(entry.name))
    .map(({ name }) => join(folder, name))
    .sort((a, b) => numberIn(a) - numberIn(b));
}

/** `input_0.pb`, `input_1.pb` … of a folder, in their order. @throws FileError */
export async function readProtos(folder: string, kind: "input" | "output"): Promise<(Tensor & { name: string })[]> {
  const files = (await readdir(folder)).filter((file) => new RegExp(`^${kind}_\\d+\\.pb$`).test(file));
  files.sort((a, b) => numberIn(a) - numberIn(b));
  return Promise.all(
    files.map(async (file) => {
      const path = join(folder, file);
      try {
        return decodeTensor(await readFile(path));
      } catch (cause) {
        if (!(cause instanceof OnnxError)) throw cause;
        throw new FileError(path, cause.message, { cause });
      }
    }),
  );
}

const numberIn = (path: string): number => Number(/(\d+)(\.pb)?$/.exec(path)?.[1] ?? 0);

/** Tensors of those files as a model's inputs or outputs: by their names, or where they have none by their places. */
export const byPlace = (
  tensors: readonly (Tensor & { readonly name: string })[],
  ports: readonly Port[],
): Record<string, Tensor> =>
  Object.fromEntries(
    tensors.map(({ name, ...tensor }, place) => {
      const known = ports.some((port) => port.name === name);
      return [known ? name : (ports[place]?.name ?? name), tensor as Tensor];
    }),
  );
