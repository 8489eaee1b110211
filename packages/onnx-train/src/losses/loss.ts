import type { ValueType } from "@glyphcast/onnx";
import type { Emitter } from "../emitter.ts";

/** A loss adds to the step graph a scalar to minimise, and its gradient in closed form. */
export interface Loss {
  readonly name: string;
  /** The labels that belong to a prediction of this shape. */
  labels(prediction: readonly number[]): ValueType & { readonly shape: readonly number[] };
  /** `value` is a float32 scalar, the mean over the batch; `gradient` is shaped like the prediction. */
  emit(g: Emitter, prediction: string, labels: string): { readonly value: string; readonly gradient: string };
}
