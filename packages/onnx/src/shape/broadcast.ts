import type { Dim } from "../graph.ts";
import type { NodeView } from "./rule.ts";

/**
 * The shape that several broadcast to; undefined where one of them is unknown.
 * @see https://github.com/onnx/onnx/blob/main/docs/Broadcasting.md
 */
export function broadcastShapes(
  node: NodeView,
  shapes: readonly (readonly Dim[] | undefined)[],
): readonly Dim[] | undefined {
  if (!shapes.every((shape) => shape !== undefined)) return undefined;
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const dims = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    return broadcastDims(node, dims, axis, () => shapes.map((shape) => `[${shape.join(", ")}]`).join(" and "));
  });
}

/** axis: what the outcome is named after where it depends on two named dimensions. */
export function broadcastDims(node: NodeView, dims: readonly Dim[], axis: number | string, what: () => string): Dim {
  const wide = new Set(dims.filter((dim) => dim !== 1));
  const numbers = [...wide].filter((dim) => typeof dim === "number");
  if (numbers.length > 1) node.fail(`${what()} do not broadcast: ${numbers.join(" against ")}.`);
  // A named dimension beside an extent above 1 can only be that extent (or 1).
  if (numbers.length === 1) return numbers[0]!;
  return wide.size > 1 ? node.fresh(axis) : ([...wide][0] ?? 1);
}
