import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Tensor } from "@glyphcast/onnx";
import { unzipSync } from "fflate";
import { FileError } from "../errors.ts";
import type { Feeds, Port } from "../target/protocol.ts";
import { byPlace, dataSetsIn, readProtos } from "./backend-test.ts";
import { tensorFromNpy } from "./npy.ts";

/**
 * The runs that a folder holds: each `test_data_set_*` is one, each `.npz` is one, and the `.npy` files, named for the
 * inputs, are one together. A model's only input may have any name.
 */
export async function* readInputs(folder: string, inputs: readonly Port[]): AsyncGenerator<Feeds> {
  let found = 0;
  const files = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    throw new FileError(folder, cause.code === "ENOENT" ? "there is no such folder." : cause.message, { cause });
  });
  const give = (feeds: Record<string, Tensor>): Feeds => {
    found++;
    const [name, ...more] = Object.keys(feeds);
    const only = inputs[0]?.name;
    const renamed = inputs.length === 1 && only !== undefined && name !== undefined && more.length === 0;
    return renamed ? { [only]: feeds[name]! } : feeds;
  };

  for (const set of await dataSetsIn(folder)) yield give(byPlace(await readProtos(set, "input"), inputs));
  if (files.includes("input_0.pb")) yield give(byPlace(await readProtos(folder, "input"), inputs));
  for (const file of files.filter((each) => each.endsWith(".npz")).sort())
    yield give(await readNpz(join(folder, file)));
  const arrays = files.filter((each) => each.endsWith(".npy")).sort();
  if (arrays.length > 0) {
    const named = arrays.map(async (file) => [file.slice(0, -4), await readNpy(join(folder, file))] as const);
    yield give(Object.fromEntries(await Promise.all(named)));
  }
  if (found === 0)
    throw new FileError(folder, "there are no inputs in it. Expected test_data_set_*/input_0.pb, NAME.npy or *.npz.");
}

export async function readNpz(path: string): Promise<Record<string, Tensor>> {
  let entries: Record<string, Uint8Array>;
  try {
    entries = unzipSync(await readFile(path));
  } catch (cause) {
    throw new FileError(path, `is no .npz: ${(cause as Error).message}.`, { cause });
  }
  return Object.fromEntries(
    Object.entries(entries).map(([name, bytes]) => [name.replace(/\.npy$/, ""), parse(`${path}/${name}`, bytes)]),
  );
}

const readNpy = async (path: string): Promise<Tensor> => parse(path, await readFile(path));

function parse(path: string, bytes: Uint8Array): Tensor {
  try {
    return tensorFromNpy(bytes);
  } catch (cause) {
    throw new FileError(path, (cause as Error).message, { cause });
  }
}
