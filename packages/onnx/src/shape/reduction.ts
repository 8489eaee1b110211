import type { DataType } from "../dtype.ts";
import type { Dim } from "../graph.ts";
import { likeFirst, likeFirstAlongAxis, type NodeView, type ShapeRule, typed } from "./rule.ts";

function reduced(
  node: NodeView,
  axes: readonly number[] | undefined,
  keep: boolean,
  dtype?: DataType,
): ReturnType<ShapeRule> {
  const type = node.type(0);
  const shape = type?.shape;
  if (!type || !shape) return [type && { dtype: dtype ?? type.dtype }];
  const gone = new Set((axes ?? shape.map((_, axis) => axis)).map((axis) => node.axis(axis, shape.length)));
  const kept = shape.flatMap((dim, axis): Dim[] => (gone.has(axis) ? (keep ? [1] : []) : [dim]));
  return [{ dtype: dtype ?? type.dtype, shape: kept }];
}

/** The axes are an attribute up to opset 12 (ReduceSum) or 17 (the others), and an input after that. */
const reduce: ShapeRule = (node) => {
  const keep = node.attribute("keepdims", 1) === 1;
  const given = node.isDynamic(1) ? undefined : (node.argument(1, "axes") ?? []);
  if (given === undefined) return [node.type(0) && { dtype: node.type(0)!.dtype }];
  if (given.length > 0) return reduced(node, given, keep);
  return node.attribute("noop_with_empty_axes", 0) === 1 ? [node.type(0)] : reduced(node, undefined, keep);
};

const argExtreme: ShapeRule = (node) =>
  reduced(node, [node.attribute("axis", 0)], node.attribute("keepdims", 1) === 1, "int64");

const TopK: ShapeRule = (node) => {
  const type = node.type(0);
  const shape = type?.shape;
  if (!type || !shape) return [type, { dtype: "int64" }];
  const axis = node.axis(node.attribute("axis", -1), shape.length);
  const top = shape.map((dim, i) => (i === axis ? (node.argument(1, "k")?.[0] ?? node.fresh(i)) : dim));
  return [typed(type.dtype, top), typed("int64", top)];
};

export const REDUCTIONS: Readonly<Record<string, ShapeRule>> = {
  ReduceL1: reduce,
  ReduceL2: reduce,
  ReduceLogSum: reduce,
  ReduceLogSumExp: reduce,
  ReduceMax: reduce,
  ReduceMean: reduce,
  ReduceMin: reduce,
  ReduceProd: reduce,
  ReduceSum: reduce,
  ReduceSumSquare: reduce,
  ArgMax: argExtreme,
  ArgMin: argExtreme,
  TopK,
  Softmax: likeFirstAlongAxis,
  LogSoftmax: likeFirstAlongAxis,
  Hardmax: likeFirstAlongAxis,
  CumSum: likeFirst,
};
