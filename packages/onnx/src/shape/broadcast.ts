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
  const extents = (axis: number) => shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
  return Array.from({ length: rank }, (_, axis) => {
    const dims = new Set(extents(axis).filter((dim) => dim !== 1));
    const numbers = [...dims].filter((dim) => typeof dim === "number");
    if (numbers.length > 1)
      node.fail(
        `${shapes.map((shape) => `[${shape.join(", ")}]`).join(" and ")} do not broadcast: ${numbers.join(" against ")}.`,
      );
    // A named dimension beside an extent above 1 can only be that extent (or 1).
    if (numbers.length === 1) return numbers[0]!;
    if (dims.size > 1) return node.fresh(axis);
    return [...dims][0] ?? 1;
  });
}
