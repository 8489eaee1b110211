import type { Tensor } from "../tensor.ts";
import { clamp, type ShapeRule, typed } from "./rule.ts";

const OneHot: ShapeRule = (node) => {
  const dtype = node.type(2)?.dtype;
  const indices = node.shape(0);
  if (!dtype || !indices) return [dtype && { dtype }];
  const axis = node.axis(node.attribute("axis", -1), indices.length + 1);
  const depth = node.numbers(1)?.[0] ?? node.fresh(axis);
  return [{ dtype, shape: [...indices.slice(0, axis), depth, ...indices.slice(axis)] }];
};

const Shape: ShapeRule = (node) => {
  const rank = node.shape(0)?.length;
  if (rank === undefined) return [{ dtype: "int64" }];
  const bound = (value: number) => clamp(value < 0 ? value + rank : value, 0, rank);
  const length = bound(node.attribute("end", rank)) - bound(node.attribute("start", 0));
  return [{ dtype: "int64", shape: [Math.max(0, length)] }];
};

const Range: ShapeRule = (node) => {
  const dtype = node.type(0)?.dtype;
  const [start, limit, delta] = [node.numbers(0)?.[0], node.numbers(1)?.[0], node.numbers(2)?.[0]];
  if (start === undefined || limit === undefined || delta === undefined)
    return [dtype && { dtype, shape: [node.fresh(0)] }];
  if (delta === 0) node.fail("the step is 0.");
  return [dtype && { dtype, shape: [Math.max(0, Math.ceil((limit - start) / delta))] }];
};

const ConstantOfShape: ShapeRule = (node) => {
  const value = node.node.attributes.value as Tensor | undefined;
  const shape = node.numbers(0);
  const rank = node.shape(0)?.[0];
  const unknown = typeof rank === "number" ? Array.from({ length: rank }, (_, axis) => node.fresh(axis)) : undefined;
  return [typed(value?.dtype ?? "float32", shape ?? unknown)];
};

export const CREATION: Readonly<Record<string, ShapeRule>> = {
  ConstantOfShape,
  EyeLike: (node) => {
    const type = node.type(0);
    const dtype = "dtype" in node.node.attributes ? node.dtypeAttribute("dtype") : type?.dtype;
    return [dtype && typed(dtype, type?.shape)];
  },
  OneHot,
  Range,
  Shape,
  Size: () => [{ dtype: "int64", shape: [] }],
};
