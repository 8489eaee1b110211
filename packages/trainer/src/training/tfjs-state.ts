import { float32, type Tensor } from "@glyphcast/onnx";
import { CheckpointError, decodeSafetensors, encodeSafetensors } from "@glyphcast/onnx-train";
import type { Variable } from "@tensorflow/tfjs-core";
import type { Tfjs } from "../model/tfjs.ts";

const FORMAT = "glyphcast-tfjs/1";

/** Variables of TF.js by name, and how many steps they have seen, as a safetensors file. */
export function encodeState({
  variables,
  steps,
}: {
  readonly variables: ReadonlyMap<string, Variable>;
  readonly steps: number;
}): Uint8Array {
  const tensors = new Map(
    Array.from(variables, ([name, variable]): [string, Tensor] => [
      name,
      float32(variable.shape, variable.dataSync<"float32">()),
    ]),
  );
  return encodeSafetensors({ tensors, metadata: { format: FORMAT, steps: String(steps) } });
}

/**
 * Gives variables the values that they had, and returns the number of steps.
 *
 * @throws CheckpointError when the file is damaged or of another network; the variables then stay as they are.
 */
export function restoreState(tf: Tfjs, file: Uint8Array, variables: ReadonlyMap<string, Variable>): number {
  const { tensors, metadata } = decodeSafetensors(file);
  const steps = Number(metadata.steps);
  if (metadata.format !== FORMAT || !Number.isSafeInteger(steps))
    throw new CheckpointError("", "This safetensors file is not a checkpoint of --engine tfjs.");
  for (const [name, { shape }] of variables) {
    const found = tensors.get(name);
    if (found?.dtype !== "float32" || String(found.shape) !== String(shape))
      throw new CheckpointError(
        name,
        `Expected float32[${shape.join(", ")}], found ${found ? `${found.dtype}[${found.shape.join(", ")}]` : "none"}: the checkpoint belongs to another network.`,
      );
  }
  tf.tidy(() => {
    for (const [name, variable] of variables)
      variable.assign(tf.tensor(tensors.get(name)!.data as Float32Array, variable.shape));
  });
  return steps;
}
