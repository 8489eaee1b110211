import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Tensor } from "@glyphcast/onnx";
import { zipSync } from "fflate";
import { FileError, InputError } from "../errors.ts";
import { npyFromTensor } from "../input/npy.ts";
import { readNpz } from "../input/read-inputs.ts";
import type { Environment, Feeds } from "../target/protocol.ts";

/** `answers.json` beside the `.npz` files: whose outputs they are, for which inputs. */
export interface SavedIndex {
  readonly model: string;
  readonly runtime: string;
  readonly environment: Environment;
  /** The order of the outputs, and a hash of each run's inputs. */
  readonly outputs: readonly string[];
  readonly inputs: readonly string[];
}

const INDEX = "answers.json";

/** Keeps one runtime's outputs in a folder, run after run, for a comparison on another machine. */
export class OutputFolder {
  readonly #folder: string;
  readonly #hashes: string[] = [];
  #outputs: readonly string[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  async add(feeds: Feeds, outputs: Feeds): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const path = join(this.#folder, fileOf(this.#hashes.length));
    const entries = Object.entries(outputs).map(
      ([name, tensor]) => [`${name}.npy`, npyOf(path, name, tensor)] as const,
    );
    await writeFile(path, zipSync(Object.fromEntries(entries)));
    this.#hashes.push(hashOf(feeds));
    this.#outputs = Object.keys(outputs);
  }

  async finish(model: string, runtime: string, environment: Environment): Promise<void> {
    const index: SavedIndex = { model, runtime, environment, outputs: this.#outputs, inputs: this.#hashes };
    await writeFile(join(this.#folder, INDEX), `${JSON.stringify(index, null, 2)}\n`);
  }
}

/** Reads what `OutputFolder` wrote. @throws FileError */
export class SavedOutputs {
  readonly index: SavedIndex;
  readonly #folder: string;

  static async open(folder: string): Promise<SavedOutputs> {
    const path = join(folder, INDEX);
    try {
      return new SavedOutputs(folder, JSON.parse(await readFile(path, "utf8")) as SavedIndex);
    } catch (cause) {
      throw new FileError(path, `${(cause as Error).message}. Expected a folder that --save-outputs wrote.`, { cause });
    }
  }

  constructor(folder: string, index: SavedIndex) {
    this.#folder = folder;
    this.index = index;
  }

  /** @throws InputError when that run had other inputs. */
  async run(run: number, feeds: Feeds): Promise<Feeds> {
    const hash = this.index.inputs[run];
    if (hash === undefined)
      throw new FileError(this.#folder, `holds ${this.index.inputs.length} runs, asked for run ${run}.`);
    if (hash !== hashOf(feeds))
      throw new InputError(
        Object.keys(feeds).join(", "),
        `of run ${run} is not what the saved outputs were computed from.`,
      );
    const arrays = await readNpz(join(this.#folder, fileOf(run)));
    return Object.fromEntries(this.index.outputs.flatMap((name) => (arrays[name] ? [[name, arrays[name]]] : [])));
  }
}

const fileOf = (run: number): string => `run-${String(run).padStart(4, "0")}.npz`;

function npyOf(path: string, name: string, tensor: Tensor): Uint8Array {
  try {
    return npyFromTensor(tensor);
  } catch (cause) {
    throw new FileError(path, `output "${name}": ${(cause as Error).message}`, { cause });
  }
}

function hashOf(feeds: Feeds): string {
  const hash = createHash("sha256");
  for (const [name, { dtype, shape, data }] of Object.entries(feeds).sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${name}:${dtype}[${shape}]`);
    hash.update(
      Array.isArray(data) ? JSON.stringify(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    );
  }
  return hash.digest("hex");
}
