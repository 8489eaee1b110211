import type { DataType } from "../dtype.ts";
import { type NodeView, type ShapeRule, typed } from "./rule.ts";

const dtypeOr = (node: NodeView, otherwise: DataType | undefined): DataType | undefined =>
  "dtype" in node.node.attributes ? node.dtypeAttribute("dtype") : otherwise;

/** As many draws as the input has elements. */
const like: ShapeRule = (node) => {
  const dtype = dtypeOr(node, node.type(0)?.dtype);
  return [dtype && typed(dtype, node.shape(0))];
};

const shaped: ShapeRule = (node) => {
  const dtype = dtypeOr(node, "float32");
  return [dtype && typed(dtype, node.argument(0, "shape"))];
};

export const RANDOM: Readonly<Record<string, ShapeRule>> = {
  Bernoulli: like,
  RandomNormal: shaped,
  RandomNormalLike: like,
  RandomUniform: shaped,
  RandomUniformLike: like,
};
