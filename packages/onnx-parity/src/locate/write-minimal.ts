import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeTensor } from "@glyphcast/onnx";
import type { Located } from "./locate-difference.ts";

/** Writes what reproduces a difference as an ONNX backend test: `model.onnx` and `test_data_set_0/input_N.pb`. */
export async function writeMinimal(folder: string, { minimal }: Located): Promise<string[]> {
  const set = join(folder, "test_data_set_0");
  await mkdir(set, { recursive: true });
  const files: [string, Uint8Array][] = [
    [join(folder, "model.onnx"), minimal.reference],
    ...(Buffer.compare(minimal.reference, minimal.runtime) === 0
      ? []
      : ([[join(folder, "other.onnx"), minimal.runtime]] as [string, Uint8Array][])),
    ...Object.entries(minimal.feeds).map(([name, tensor], place): [string, Uint8Array] => [
      join(set, `input_${place}.pb`),
      encodeTensor(tensor, name),
    ]),
  ];
  for (const [path, bytes] of files) await writeFile(path, bytes);
  return files.map(([path]) => path);
}
