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
  let result: readonly Dim[] = [];
  for (const shape of shapes) {
    if (shape === undefined) return undefined;
    result = broadcastTwo(node, result, shape);
  }
  return result;
}

function broadcastTwo(node: NodeView, a: readonly Dim[], b: readonly Dim[]): Dim[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const x = a[axis - rank + a.length] ?? 1;
    const y = b[axis - rank + b.length] ?? 1;
    if (x === y || y === 1) return x;
    if (x === 1) return y;
    // A named dimension beside an extent above 1 can only be that extent (or 1).
    if (typeof x === "string") return typeof y === "string" ? node.fresh(axis) : y;
    if (typeof y === "string") return x;
    return node.fail(`[${a.join(", ")}] and [${b.join(", ")}] do not broadcast: ${x} against ${y}.`);
  });
}
