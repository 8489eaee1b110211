import type { Emitter } from "../emitter.ts";

/** Sums a gradient over the axes along which its value was broadcast, back to the value's own shape. */
export function unbroadcast(g: Emitter, gradient: string, shape: readonly number[]): string {
  const from = g.shape(gradient);
  const lead = from.length - shape.length;
  const axes = from.flatMap((extent, axis) =>
    axis < lead || (shape[axis - lead] === 1 && extent !== 1) ? [axis] : [],
  );
  return g.reshape(g.sum(gradient, axes), shape);
}
