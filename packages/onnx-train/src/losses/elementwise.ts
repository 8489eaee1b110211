import { sizeOf } from "@glyphcast/onnx";
import type { Emitter } from "../emitter.ts";
import { TrainError } from "../errors.ts";
import type { Loss } from "./loss.ts";

/** A loss that compares each element of the prediction with the label in its place, and averages over all of them. */
function elementwiseLoss(
  name: string,
  formula: (g: Emitter, prediction: string, label: string) => { readonly value: string; readonly slope: string },
): Loss {
  return {
    name,
    labels: (shape) => ({ dtype: "float32", shape }),
    emit(g, prediction, label) {
      const shape = g.shape(prediction);
      const share = g.floats(1 / sizeOf(shape));
      const { value, slope } = formula(g, prediction, label);
      return { value: g.mul(g.sum(value, [...shape.keys()]), share), gradient: g.mul(slope, share) };
    },
  };
}

/** (z − t)². prediction and labels: float32 of any one shape. */
export const meanSquaredError = (): Loss =>
  elementwiseLoss("mean-squared-error", (g, prediction, label) => {
    const error = g.sub(prediction, label);
    return { value: g.mul(error, error), slope: g.mul(error, g.floats(2)) };
  });

/** |z − t|, with slope 0 where they are equal. prediction and labels: float32 of any one shape. */
export const l1 = (): Loss =>
  elementwiseLoss("l1", (g, prediction, label) => {
    const error = g.sub(prediction, label);
    return { value: g.op("Abs", [error]), slope: g.op("Sign", [error]) };
  });

/**
 * ½(z − t)² up to a distance of δ, δ·(|z − t| − ½δ) beyond it. prediction and labels: float32 of any one shape.
 *
 * @see Huber 1964, "Robust Estimation of a Location Parameter"
 */
export function huber({ delta = 1 }: { readonly delta?: number } = {}): Loss {
  if (!(delta > 0)) throw new TrainError("BAD_OPTION", `delta is ${delta}; it must be above 0.`);
  return elementwiseLoss("huber", (g, prediction, label) => {
    const error = g.sub(prediction, label);
    const slope = g.op("Clip", [error, g.floats(-delta), g.floats(delta)]);
    // c·(e − ½c) with c = clip(e) is both branches at once
    return { value: g.mul(slope, g.sub(error, g.mul(slope, g.floats(0.5)))), slope };
  });
}

/**
 * −t·log σ(z) − (1 − t)·log(1 − σ(z)), computed from the logits so that it never overflows.
 * prediction and labels: float32 of any one shape, labels in [0, 1].
 */
export const binaryCrossEntropyWithLogits = (): Loss =>
  elementwiseLoss("binary-cross-entropy-with-logits", (g, prediction, label) => {
    // max(z, 0) − z·t + log(1 + e^−|z|)
    const tail = g.op("Softplus", [g.neg(g.op("Abs", [prediction]))]);
    const value = g.add(g.sub(g.op("Relu", [prediction]), g.mul(prediction, label)), tail);
    return { value, slope: g.sub(g.op("Sigmoid", [prediction]), label) };
  });
