import type { Tensor } from "@glyphcast/onnx";
import { CheckpointError } from "./errors.ts";
import { decodeSafetensors, encodeSafetensors } from "./safetensors.ts";
import type { TrainStep } from "./train-step.ts";

/** Everything that a step depends on besides its data. */
export interface Checkpoint {
  /** Parameters and states by the names of the step's inputs. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Steps taken so far. */
  readonly steps: number;
  /** Decides, with the number of the step, all noise: no generator has a state of its own. */
  readonly seed: number;
}

const FORMAT = "onnx-train/1";

/** A checkpoint as a safetensors file. */
export const encodeCheckpoint = ({ tensors, steps, seed }: Checkpoint): Uint8Array<ArrayBuffer> =>
  encodeSafetensors({ tensors, metadata: { format: FORMAT, steps: String(steps), seed: String(seed) } });

/** What a step starts from. */
export const initialCheckpoint = ({ initial }: TrainStep, seed = 0): Uint8Array<ArrayBuffer> =>
  encodeCheckpoint({ tensors: initial, steps: 0, seed });

/**
 * Reads a checkpoint of a given step.
 *
 * @throws CheckpointError when the file is damaged, no checkpoint, or of another step.
 */
export function decodeCheckpoint(file: Uint8Array, { initial }: TrainStep): Checkpoint {
  const { tensors, metadata } = decodeSafetensors(file);
  const [steps, seed] = [Number(metadata.steps), Number(metadata.seed)];
  if (metadata.format !== FORMAT || !Number.isSafeInteger(steps) || !Number.isFinite(seed))
    throw new CheckpointError("", "This safetensors file is not a checkpoint of onnx-train.");
  for (const [name, { dtype, shape }] of initial) {
    const found = tensors.get(name);
    if (!found) throw new CheckpointError(name, "The checkpoint lacks it: it belongs to another training step.");
    if (found.dtype !== dtype || found.shape.join() !== shape.join())
      throw new CheckpointError(
        name,
        `Expected ${dtype}[${shape.join(", ")}], found ${found.dtype}[${found.shape.join(", ")}]: the checkpoint belongs to another training step.`,
      );
  }
  const foreign = [...tensors.keys()].find((name) => !initial.has(name));
  if (foreign !== undefined)
    throw new CheckpointError(foreign, "The training step has no such value: the checkpoint belongs to another one.");
  return { tensors, steps, seed };
}
