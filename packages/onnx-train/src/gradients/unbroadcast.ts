import { sizeOf } from "@glyphcast/onnx";
import type { Emitter } from "../emitter.ts";
import { columnSums } from "./columns.ts";

/** Sums a gradient over the axes along which its value was broadcast, back to the value's own shape. */
export function unbroadcast(g: Emitter, gradient: string, shape: readonly number[]): string {
  const from = g.shape(gradient);
  const lead = from.length - shape.length;
  const axes = from.flatMap((extent, axis) =>
    axis < lead || (shape[axis - lead] === 1 && extent !== 1) ? [axis] : [],
  );
  if (axes.length > 0 && axes.at(-1) === axes.length - 1) {
    const size = sizeOf(shape);
    return g.reshape(columnSums(g, g.reshape(gradient, [sizeOf(from) / size, size])), shape);
  }
  return g.reshape(g.sum(gradient, axes), shape);
}
