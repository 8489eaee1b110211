import { float32, type Node, sizeOf, type Tensor, type TensorOf } from "@glyphcast/onnx";
import { scaleStored, storedOf, type Weight } from "../stored-weight.ts";
import type { Constants } from "./constants.ts";

/** A Conv, Gemm or MatMul by a constant weight, in the forms that this package emits. */
export interface Linear {
  readonly weight: TensorOf<"float32">;
  readonly bias: TensorOf<"float32"> | undefined;
  readonly takesBias: boolean;
  /** The weight's axis that numbers the output's channels. */
  readonly weightAxis: number;
  readonly channels: number;
  /** The place of the channels in the output's shape, from the end, where broadcasting counts from. */
  readonly fromEnd: number;
}

export function linearOf(node: Node, constants: Constants): Linear | undefined {
  const [, w, b] = node.inputs;
  const [weight, bias] = [constants.get(w), constants.get(b)];
  if (weight?.dtype !== "float32" || (b && bias?.dtype !== "float32")) return undefined;
  const rank = weight.shape.length;
  const linear = (weightAxis: number, fromEnd: number, takesBias: boolean): Linear => ({
    weight,
    bias: bias as TensorOf<"float32"> | undefined,
    takesBias,
    weightAxis,
    channels: weight.shape[weightAxis]!,
    fromEnd,
  });
  if (node.op === "Conv") return linear(0, rank - 1, true);
  if (node.op === "Gemm" && Object.keys(node.attributes).length === 0) return linear(1, 1, true);
  if (node.op === "MatMul" && rank === 2) return linear(1, 1, false);
  return undefined;
}

/** The elements of a constant that broadcasts along the channels alone, one per channel. */
export function perChannel(constant: Tensor | undefined, { channels, fromEnd }: Linear): Float64Array | undefined {
  if (constant?.dtype !== "float32" || constant.shape.length > fromEnd + 1) return undefined;
  if (sizeOf(constant.shape) === 1) return new Float64Array(channels).fill(constant.data[0]!);
  return sizeOf(constant.shape) === channels && constant.shape.at(-fromEnd) === channels
    ? Float64Array.from(constant.data)
    : undefined;
}

/** A tensor times one factor for each index of an axis; where it is quantised, the factors go beside its codes. */
export function scaleAlong(tensor: TensorOf<"float32">, axis: number, factors: Float64Array): Tensor {
  const { shape, data } = tensor;
  const inner = sizeOf(shape.slice(axis + 1));
  const values = new Float32Array(data.length);
  for (let at = 0, channel = 0; at < data.length; at += inner, channel = (channel + 1) % factors.length) {
    const factor = factors[channel]!;
    for (let i = at; i < at + inner; i++) values[i] = data[i]! * factor;
  }
  const scaled = float32(shape, values);
  const stored = storedOf(tensor);
  const kept = stored && scaleStored(stored, axis, factors);
  return kept ? ({ ...scaled, stored: kept } as Weight) : scaled;
}
