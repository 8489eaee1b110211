import type { Dim } from "../graph.ts";
import { broadcastDims, broadcastShapes } from "./broadcast.ts";
import { type ShapeRule, typed } from "./rule.ts";

const sameExtent = (a: Dim, b: Dim): boolean => typeof a === "string" || typeof b === "string" || a === b;

const MatMul: ShapeRule = (node) => {
  const dtype = node.type(0)?.dtype;
  const [a, b] = [node.shape(0), node.shape(1)];
  if (!dtype || !a || !b) return [dtype && { dtype }];
  if (a.length === 0 || b.length === 0) node.fail("a scalar cannot be multiplied as a matrix.");
  // A vector counts as a row on the left, as a column on the right, and its axis is dropped again.
  const left = a.length === 1 ? [1, ...a] : a;
  const right = b.length === 1 ? [...b, 1] : b;
  const [rows, inner] = left.slice(-2) as [Dim, Dim];
  const [innerRight, columns] = right.slice(-2) as [Dim, Dim];
  if (!sameExtent(inner, innerRight))
    node.fail(`[${a.join(", ")}] × [${b.join(", ")}]: the inner extents ${inner} and ${innerRight} differ.`);
  const batch = broadcastShapes(node, [left.slice(0, -2), right.slice(0, -2)])!;
  return [
    {
      dtype,
      shape: [...batch, ...(a.length === 1 ? [] : [rows]), ...(b.length === 1 ? [] : [columns])],
    },
  ];
};

const Gemm: ShapeRule = (node) => {
  const dtype = node.type(0)?.dtype;
  const [a, b] = [node.shape(0), node.shape(1)];
  if (!dtype || !a || !b) return [dtype && { dtype }];
  if (a.length !== 2 || b.length !== 2) node.fail(`needs two matrices, found rank ${a.length} and rank ${b.length}.`);
  const [rows, inner] = node.attribute("transA", 0) ? [a[1]!, a[0]!] : [a[0]!, a[1]!];
  const [innerRight, columns] = node.attribute("transB", 0) ? [b[1]!, b[0]!] : [b[0]!, b[1]!];
  if (!sameExtent(inner, innerRight)) node.fail(`the inner extents ${inner} and ${innerRight} differ.`);
  return [{ dtype, shape: [rows, columns] }];
};

/** The explicit form of an equation with any number of ellipsis-free terms, and with `...` in any of them. */
const Einsum: ShapeRule = (node) => {
  const dtype = node.type(0)?.dtype;
  const equation = node.attribute("equation", "").replaceAll(" ", "");
  const [left = "", right] = equation.split("->");
  const extents = new Map<string, Dim>();
  const meet = (letter: string, dim: Dim) =>
    extents.set(
      letter,
      broadcastDims(node, [extents.get(letter) ?? 1, dim], letter, () => `the extents of "${letter}"`),
    );
  const ellipses: (readonly Dim[])[] = [];
  for (const [index, term] of left.split(",").entries()) {
    const shape = node.shape(index);
    if (!shape) return [dtype && { dtype }];
    const [head = "", tail] = term.split("...");
    const named = head.length + (tail?.length ?? 0);
    if (tail === undefined ? named !== shape.length : named > shape.length)
      node.fail(`term "${term}" does not fit rank ${shape.length}.`);
    const end = shape.length - (tail?.length ?? 0);
    if (tail !== undefined) ellipses.push(shape.slice(head.length, end));
    for (const [i, letter] of [...head].entries()) meet(letter, shape[i]!);
    for (const [i, letter] of [...(tail ?? "")].entries()) meet(letter, shape[end + i]!);
  }
  const letters = [...left.replaceAll(/[.,]/g, "")];
  const implicit = `...${[...new Set(letters)]
    .filter((letter) => letters.filter((other) => other === letter).length === 1)
    .sort()
    .join("")}`;
  const [head = "", tail] = (right ?? implicit).split("...");
  const extent = (letter: string) => extents.get(letter) ?? node.fail(`"${letter}" stands only on the right.`);
  const ellipsis = tail === undefined ? [] : broadcastShapes(node, ellipses)!;
  const shape = [...[...head].map(extent), ...ellipsis, ...[...(tail ?? "")].map(extent)];
  return [dtype && typed(dtype, shape)];
};

export const LINEAR: Readonly<Record<string, ShapeRule>> = { MatMul, Gemm, Einsum };
