import { sizeOf } from "@glyphcast/onnx";
import type { Emitter } from "../emitter.ts";

/** The identity matrix [extent, extent]. */
export const identityOf = (g: Emitter, extent: number): string => g.op("EyeLike", [g.filled([extent, extent], 0)]);

/**
 * The adjoint of a linear map of one axis.
 *
 * matrix: [in, out], what the map makes of the identity's rows.   d: its output's gradient, whose extent along `axis` is
 * out.   returns: the same with in.
 */
export function adjointAlong(g: Emitter, d: string, axis: number, matrix: string): string {
  const shape = g.shape(d);
  const [to = 0, from = 0] = g.shape(matrix);
  const inner = sizeOf(shape.slice(axis + 1));
  if (inner === 1)
    return g.reshape(
      g.matmul(g.reshape(d, [sizeOf(shape) / from, from]), g.transpose(matrix, [1, 0])),
      shape.with(axis, to),
    );
  const stacked = g.reshape(d, [sizeOf(shape.slice(0, axis)), from, inner]);
  return g.reshape(g.matmul(matrix, stacked), shape.with(axis, to));
}
