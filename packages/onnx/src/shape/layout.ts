import type { Dim } from "../graph.ts";
import { broadcastShapes } from "./broadcast.ts";
import { isStatic, type NodeView, product, type ShapeRule, typed } from "./rule.ts";

const Reshape: ShapeRule = (node) => {
  const dtype = node.type(0)?.dtype;
  const [from, target] = [node.shape(0), node.numbers(1)];
  if (!dtype || !target) return [dtype && { dtype }];
  const copyZero = node.attribute("allowzero", 0) === 0;
  const copied = (axis: number): Dim =>
    !from ? node.fresh(axis) : (from[axis] ?? node.fail(`there is no axis ${axis} in [${from.join(", ")}] to copy.`));
  const shape = target.map((dim, axis) => (dim === 0 && copyZero ? copied(axis) : dim));
  const open = shape.indexOf(-1);
  if (open !== shape.lastIndexOf(-1)) node.fail(`[${target.join(", ")}] leaves more than one dimension open.`);
  if (!from) return [typed(dtype, open < 0 ? shape : undefined)];

  // Named dimensions cancel when they stand on both sides; what is left decides the open one.
  const names = from.filter((dim) => typeof dim === "string");
  for (const dim of shape) if (typeof dim === "string" && names.includes(dim)) names.splice(names.indexOf(dim), 1);
  const have = product(from.filter((dim) => typeof dim === "number"));
  const want = product(shape.filter((dim, axis): dim is number => typeof dim === "number" && axis !== open));
  if (names.length === 0) {
    const exact = open < 0 ? have === want : want > 0 ? have % want === 0 : false;
    if (!exact && isStatic(from) && isStatic(shape))
      node.fail(`[${from.join(", ")}] has ${have} elements and cannot become [${target.join(", ")}].`);
    if (open >= 0 && exact) shape[open] = have / want;
  } else if (names.length === 1 && have === want && open >= 0) shape[open] = names[0]!;
  if (open >= 0 && shape[open] === -1) shape[open] = node.fresh(open);
  return [{ dtype, shape }];
};

/** The product of dimensions: a number, the one name among ones, or undefined. */
function merged(dims: readonly Dim[]): Dim | undefined {
  if (isStatic(dims)) return product(dims);
  const others = dims.filter((dim) => dim !== 1);
  return others.length === 1 ? others[0] : undefined;
}

const Flatten: ShapeRule = (node) => {
  const type = node.type(0);
  if (!type?.shape) return [type && { dtype: type.dtype }];
  const given = node.attribute("axis", 1);
  const rank = type.shape.length;
  const axis = given === rank ? rank : node.axis(given, rank);
  return [
    {
      dtype: type.dtype,
      shape: [merged(type.shape.slice(0, axis)) ?? node.fresh(0), merged(type.shape.slice(axis)) ?? node.fresh(1)],
    },
  ];
};

const Squeeze: ShapeRule = (node) => {
  const type = node.type(0);
  const shape = type?.shape;
  if (!type || !shape || node.isDynamic(1)) return [type && { dtype: type.dtype }];
  const axes = node.argument(1, "axes")?.map((axis) => node.axis(axis, shape.length));
  // Without axes every extent of 1 goes, and a named one may turn out to be 1.
  if (!axes) return [typed(type.dtype, isStatic(shape) ? shape.filter((dim) => dim !== 1) : undefined)];
  for (const axis of axes)
    if (typeof shape[axis] === "number" && shape[axis] !== 1)
      node.fail(`axis ${axis} of [${shape.join(", ")}] is not 1 and cannot be dropped.`);
  return [{ dtype: type.dtype, shape: shape.filter((_, axis) => !axes.includes(axis)) }];
};

const Unsqueeze: ShapeRule = (node) => {
  const type = node.type(0);
  const axes = node.argument(1, "axes");
  if (!type?.shape || !axes) return [type && { dtype: type.dtype }];
  const rank = type.shape.length + axes.length;
  const added = new Set(axes.map((axis) => node.axis(axis, rank)));
  const rest = [...type.shape];
  return [
    { dtype: type.dtype, shape: Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : rest.shift()!)) },
  ];
};

const Transpose: ShapeRule = (node) => {
  const type = node.type(0);
  const shape = type?.shape;
  if (!type || !shape) return [type];
  const perm = node.attribute(
    "perm",
    shape.map((_, axis) => shape.length - 1 - axis),
  );
  if (perm.length !== shape.length) node.fail(`perm has ${perm.length} axes, the input has ${shape.length}.`);
  if (!shape.every((_, axis) => perm.includes(axis))) node.fail(`[${perm.join(", ")}] is not a permutation.`);
  return [{ dtype: type.dtype, shape: perm.map((axis) => shape[axis]!) }];
};

const Expand: ShapeRule = (node) => {
  const dtype = node.type(0)?.dtype;
  const target = node.numbers(1);
  return [dtype && typed(dtype, target && broadcastShapes(node, [node.shape(0), target]))];
};

const Tile: ShapeRule = (node) => {
  const type = node.type(0);
  const repeats = node.numbers(1);
  return [
    type?.shape
      ? typed(
          type.dtype,
          type.shape.map((dim, axis) => {
            if (repeats?.[axis] === 1) return dim;
            return repeats && typeof dim === "number" ? dim * repeats[axis]! : node.fresh(axis);
          }),
        )
      : type,
  ];
};

const blocks =
  (grow: boolean): ShapeRule =>
  (node) => {
    const type = node.type(0);
    const size = node.attribute("blocksize", 1);
    if (type?.shape?.length !== 4) return [type && { dtype: type.dtype }];
    const [batch, channels, height, width] = type.shape as [Dim, Dim, Dim, Dim];
    const times = (dim: Dim, factor: number, axis: number) =>
      typeof dim === "number" ? dim * factor : node.fresh(axis);
    const over = (dim: Dim, divisor: number, axis: number) => {
      if (typeof dim === "string") return node.fresh(axis);
      return dim % divisor === 0 ? dim / divisor : node.fail(`${dim} (axis ${axis}) is not a multiple of ${divisor}.`);
    };
    const [deepen, widen] = grow ? [over, times] : [times, over];
    return [
      {
        dtype: type.dtype,
        shape: [batch, deepen(channels, size ** 2, 1), widen(height, size, 2), widen(width, size, 3)],
      },
    ];
  };

const Resize: ShapeRule = (node) => {
  const type = node.type(0);
  const shape = type?.shape;
  if (!type || !shape) return [type];
  const sizes = node.numbers(3);
  // The second input was the scales in opset 10.
  const scales = node.isDynamic(3) ? undefined : node.numbers(node.opset < 11 ? 1 : 2);
  const axes = node
    .attribute(
      "axes",
      shape.map((_, axis) => axis),
    )
    .map((axis) => node.axis(axis, shape.length));
  const fitted =
    sizes &&
    fitSizes(
      node,
      sizes,
      axes.map((axis) => shape[axis]!),
    );
  return [
    typed(
      type.dtype,
      shape.map((dim, axis): Dim => {
        const i = axes.indexOf(axis);
        if (i < 0 || (!sizes && scales?.[i] === 1)) return dim;
        if (sizes) return fitted?.[i] ?? node.fresh(axis);
        const scale = scales?.[i];
        // In single precision, as onnxruntime does it.
        return typeof dim === "number" && scale !== undefined ? Math.floor(Math.fround(dim * scale)) : node.fresh(axis);
      }),
    ),
  ];
};

/** The sizes that keep the aspect ratio where that is asked for; undefined where they depend on an unknown extent. */
function fitSizes(node: NodeView, sizes: readonly number[], dims: readonly Dim[]): readonly number[] | undefined {
  const policy = node.attribute("keep_aspect_ratio_policy", "stretch");
  if (policy === "stretch") return sizes;
  if (!isStatic(dims)) return undefined;
  const ratios = sizes.map((size, i) => size / dims[i]!);
  const scale = policy === "not_larger" ? Math.min(...ratios) : Math.max(...ratios);
  return dims.map((dim) => Math.round(scale * dim));
}

export const LAYOUT: Readonly<Record<string, ShapeRule>> = {
  DepthToSpace: blocks(true),
  Expand,
  Flatten,
  Reshape,
  Resize,
  SpaceToDepth: blocks(false),
  Squeeze,
  Tile,
  Transpose,
  Unsqueeze,
};
