import type { ValueType } from "@glyphcast/onnx";
import type { Emitter } from "../emitter.ts";

/** What labels look like. */
export interface Labels extends ValueType {
  readonly shape: readonly number[];
  /** Where labels are class ids: how many classes there are. */
  readonly classes?: number;
}

/** A loss adds to the step graph a scalar to minimise, and its gradient in closed form. */
export interface Loss {
  readonly name: string;
  /** The labels that belong to a prediction of this shape. */
  labels(prediction: readonly number[]): Labels;
  /** `value` is a float32 scalar, the mean over the batch; `gradient` is shaped like the prediction. */
  emit(g: Emitter, prediction: string, labels: string): { readonly value: string; readonly gradient: string };
}
