import { sizeOf } from "@glyphcast/onnx";
import type { Emitter } from "../emitter.ts";

/**
 * Adds slices to those of zeros: [outer, slices, inner] → [outer, extent, inner], where `indices` says which.
 *
 * By ScatterElements, because onnxruntime's ScatterND (1.30) adds from several threads at once and loses sums.
 */
export function addSlices(g: Emitter, slices: string, indices: string, extent: number): string {
  const [outer = 1, count = 1, inner = 1] = g.shape(slices);
  const spread = g.expand(g.reshape(indices, [1, count, 1]), [outer, count, inner]);
  return g.op("ScatterElements", [g.filled([outer, extent, inner], 0), spread, slices], { axis: 1, reduction: "add" });
}

/**
 * Adds slices to those of zeros of a shape, where `indices` holds the first coordinates of each, as in ScatterND; the
 * first `batchDims` axes are common to all, as in GatherND.
 */
export function addSlicesAt(
  g: Emitter,
  slices: string,
  indices: string,
  shape: readonly number[],
  batchDims: number = 0,
): string {
  const depth = g.shape(indices).at(-1)!;
  const batch = sizeOf(shape.slice(0, batchDims));
  const extents = shape.slice(batchDims, batchDims + depth);
  const inner = sizeOf(shape.slice(batchDims + depth));
  const strides = extents.map((_, axis) => sizeOf(extents.slice(axis + 1)));
  // Mod counts negative indices from the front.
  const coordinates = g.op("Mod", [indices, g.ints(extents)]);
  const within = g.reshape(g.sum(g.mul(coordinates, g.ints(strides)), [g.shape(indices).length - 1]), [batch, -1]);
  const starts = g.reshape(g.ints(Array.from({ length: batch }, (_, i) => i * sizeOf(extents))), [batch, 1]);
  const flat = batch === 1 ? within : g.add(within, starts);
  const count = sizeOf(g.shape(flat));
  const summed = addSlices(g, g.reshape(slices, [1, count, inner]), flat, batch * sizeOf(extents));
  return g.reshape(summed, shape);
}
