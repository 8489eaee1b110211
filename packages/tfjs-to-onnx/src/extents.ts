import type { Dim, GraphBuilder } from "@glyphcast/onnx";

/** An extent: a number, or that of an axis of another value, which may only be known when running. */
export type Extent = number | { readonly of: string; readonly axis: number };

/** What is known of it when converting: the number, or the name of an open one. */
export const dimOf = (g: GraphBuilder, extent: Extent): Dim =>
  typeof extent === "number" ? extent : g.dims(extent.of)[extent.axis]!;

/** Extents as an int64 vector: a constant where all are known. */
export function extentsVector(g: GraphBuilder, node: string, extents: readonly Extent[]): string {
  const known = extents.map((extent) => dimOf(g, extent));
  const numbers = known.filter((dim) => typeof dim === "number");
  if (numbers.length === extents.length) return g.ints(numbers);
  const parts = known.map((dim, i) => {
    const extent = extents[i]!;
    if (typeof dim === "number" || typeof extent === "number") return g.ints([dim as number]);
    const shape = g.op("Shape", [extent.of], {}, { name: g.unique(`${node}/Shape`) });
    return g.op("Gather", [shape, g.ints([extent.axis])], {}, { name: g.unique(`${node}/Gather`) });
  });
  return parts.length === 1 ? parts[0]! : g.op("Concat", parts, { axis: 0 }, { name: g.unique(`${node}/Concat`) });
}
