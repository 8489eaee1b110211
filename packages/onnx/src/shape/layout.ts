import type { Dim } from "../graph.ts";
import type { Tensor } from "../tensor.ts";
import { broadcastShapes } from "./broadcast.ts";
import { isStatic, likeFirst, type NodeView, product, type ShapeRule, typed } from "./rule.ts";

const dtypeOf = (node: NodeView, index = 0) => node.type(index)?.dtype;

const Reshape: ShapeRule = (node) => {
  const dtype = dtypeOf(node);
  const [from, target] = [node.shape(0), node.numbers(1)];
  if (!dtype || !target) return [dtype && { dtype }];
  const copyZero = node.attribute("allowzero", 0) === 0;
  const shape: Dim[] = target.map((dim, axis) => (dim === 0 && copyZero ? (from?.[axis] ?? node.fresh(axis)) : dim));
  const open = shape.indexOf(-1);
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
  const axis = given < 0 ? given + type.shape.length : given;
  return [
    {
      dtype: type.dtype,
      shape: [merged(type.shape.slice(0, axis)) ?? node.fresh(0), merged(type.shape.slice(axis)) ?? node.fresh(1)],
    },
  ];
};

const axesOf = (node: NodeView): readonly number[] | undefined =>
  node.has(1) ? node.numbers(1) : (node.node.attributes.axes as readonly number[] | undefined);

const Squeeze: ShapeRule = (node) => {
  const type = node.type(0);
  const shape = type?.shape;
  if (!type || !shape || (node.has(1) && !node.numbers(1))) return [type && { dtype: type.dtype }];
  const axes = axesOf(node)?.map((axis) => node.axis(axis, shape.length));
  return [{ dtype: type.dtype, shape: shape.filter((dim, axis) => (axes ? !axes.includes(axis) : dim !== 1)) }];
};

const Unsqueeze: ShapeRule = (node) => {
  const type = node.type(0);
  const axes = axesOf(node);
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
  return [{ dtype: type.dtype, shape: perm.map((axis) => shape[axis]!) }];
};

const Concat: ShapeRule = (node) => {
  const dtype = dtypeOf(node);
  const shapes = node.node.inputs.map((_, index) => node.shape(index));
  const [first] = shapes;
  if (!dtype || !first) return [dtype && { dtype }];
  const axis = node.axis(node.attribute("axis", 0), first.length);
  const extents = shapes.map((shape) => shape?.[axis]);
  const total = extents.every((dim) => typeof dim === "number")
    ? extents.reduce((sum, dim) => sum + dim, 0)
    : node.fresh(axis);
  const shape = first.map((dim, i): Dim => {
    if (i === axis) return total;
    const known = shapes.map((other) => other?.[i]).filter((other) => typeof other === "number");
    if (new Set(known).size > 1)
      node.fail(`inputs differ along axis ${i}: ${known.join(", ")}; only axis ${axis} may.`);
    return known[0] ?? dim;
  });
  return [{ dtype, shape }];
};

const Split: ShapeRule = (node) => {
  const type = node.type(0);
  const shape = type?.shape;
  const count = node.node.outputs.length;
  if (!type || !shape) return Array.from({ length: count }, () => type);
  const axis = node.axis(node.attribute("axis", 0), shape.length);
  const total = shape[axis]!;
  const sizes = node.has(1) ? node.numbers(1) : (node.node.attributes.split as readonly number[] | undefined);
  const chunk = typeof total === "number" ? Math.ceil(total / count) : undefined;
  return Array.from({ length: count }, (_, output) => {
    const even = chunk === undefined ? undefined : Math.min(chunk, (total as number) - chunk * output);
    return typed(
      type.dtype,
      shape.map((dim, i) => (i === axis ? (sizes?.[output] ?? even ?? node.fresh(axis, output)) : dim)),
    );
  });
};

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

const Slice: ShapeRule = (node) => {
  const type = node.type(0);
  const shape = type?.shape;
  if (!type || !shape) return [type];
  const input = (index: number, name: string) =>
    node.has(index) ? node.numbers(index) : (node.node.attributes[name] as readonly number[] | undefined);
  const [starts, ends] = [input(1, "starts"), input(2, "ends")];
  const axes = node.has(3) && !node.numbers(3) ? undefined : (input(3, "axes") ?? shape.map((_, axis) => axis));
  if (!axes)
    return [
      typed(
        type.dtype,
        shape.map((_, axis) => node.fresh(axis)),
      ),
    ];
  const steps = input(4, "steps") ?? axes.map(() => 1);
  const result = [...shape];
  for (const [i, given] of axes.entries()) {
    if (starts && i >= starts.length) break;
    const axis = node.axis(given, shape.length);
    const size = shape[axis]!;
    const [start, end, step] = [starts?.[i], ends?.[i], steps[i]!];
    if (typeof size === "string" || start === undefined || end === undefined) {
      const whole = start === 0 && step === 1 && end !== undefined && end >= 2 ** 31 - 1;
      result[axis] = whole ? size : node.fresh(axis);
      continue;
    }
    const from = clamp(start < 0 ? start + size : start, 0, step > 0 ? size : size - 1);
    const to = clamp(end < 0 ? end + size : end, step > 0 ? 0 : -1, size);
    result[axis] = Math.max(0, Math.ceil((to - from) / step));
  }
  return [{ dtype: type.dtype, shape: result }];
};

const Pad: ShapeRule = (node) => {
  const type = node.type(0);
  const shape = type?.shape;
  const pads = node.has(1) ? node.numbers(1) : (node.node.attributes.pads as readonly number[] | undefined);
  if (!type || !shape) return [type];
  const axes = node.has(3)
    ? node.numbers(3)?.map((axis) => node.axis(axis, shape.length))
    : shape.map((_, axis) => axis);
  return [
    typed(
      type.dtype,
      shape.map((dim, axis) => {
        if (!pads || !axes) return node.fresh(axis);
        const i = axes.indexOf(axis);
        const padding = i < 0 ? 0 : pads[i]! + pads[i + axes.length]!;
        if (padding === 0) return dim;
        return typeof dim === "number" ? dim + padding : node.fresh(axis);
      }),
    ),
  ];
};

const Expand: ShapeRule = (node) => {
  const dtype = dtypeOf(node);
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

const Gather: ShapeRule = (node) => {
  const dtype = dtypeOf(node);
  const [data, indices] = [node.shape(0), node.shape(1)];
  if (!dtype || !data || !indices) return [dtype && { dtype }];
  const axis = node.axis(node.attribute("axis", 0), data.length);
  return [{ dtype, shape: [...data.slice(0, axis), ...indices, ...data.slice(axis + 1)] }];
};

const GatherElements: ShapeRule = (node) => {
  const dtype = dtypeOf(node);
  return [dtype && typed(dtype, node.shape(1))];
};

const GatherND: ShapeRule = (node) => {
  const dtype = dtypeOf(node);
  const [data, indices] = [node.shape(0), node.shape(1)];
  const depth = indices?.at(-1);
  if (!dtype || !data || !indices || typeof depth !== "number") return [dtype && { dtype }];
  return [{ dtype, shape: [...indices.slice(0, -1), ...data.slice(node.attribute("batch_dims", 0) + depth)] }];
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
    const [depth, extent] = grow ? [1 / size ** 2, size] : [size ** 2, 1 / size];
    return [
      {
        dtype: type.dtype,
        shape: [batch, times(channels, depth, 1), times(height, extent, 2), times(width, extent, 3)],
      },
    ];
  };

const Resize: ShapeRule = (node) => {
  const type = node.type(0);
  const shape = type?.shape;
  if (!type || !shape) return [type];
  const sizes = node.has(3) ? node.numbers(3) : undefined;
  const scales = node.has(2) ? node.numbers(2) : undefined;
  return [
    typed(
      type.dtype,
      shape.map((dim, axis): Dim => {
        if (sizes) return sizes[axis]!;
        const scale = scales?.[axis];
        if (scale === 1) return dim;
        return typeof dim === "number" && scale !== undefined ? Math.floor(dim * scale) : node.fresh(axis);
      }),
    ),
  ];
};

const OneHot: ShapeRule = (node) => {
  const dtype = dtypeOf(node, 2);
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
  const dtype = dtypeOf(node);
  const [start, limit, delta] = [node.numbers(0)?.[0], node.numbers(1)?.[0], node.numbers(2)?.[0]];
  if (start === undefined || limit === undefined || delta === undefined)
    return [dtype && { dtype, shape: [node.fresh(0)] }];
  return [dtype && { dtype, shape: [Math.max(0, Math.ceil((limit - start) / delta))] }];
};

const ConstantOfShape: ShapeRule = (node) => {
  const value = node.node.attributes.value as Tensor | undefined;
  const shape = node.numbers(0);
  const rank = node.shape(0)?.[0];
  const unknown = typeof rank === "number" ? Array.from({ length: rank }, (_, axis) => node.fresh(axis)) : undefined;
  return [typed(value?.dtype ?? "float32", shape ?? unknown)];
};

const NonZero: ShapeRule = (node) => {
  const rank = node.shape(0)?.length;
  return [typed("int64", rank === undefined ? undefined : [rank, node.fresh(1)])];
};

export const LAYOUT: Readonly<Record<string, ShapeRule>> = {
  Concat,
  ConstantOfShape,
  DepthToSpace: blocks(true),
  Expand,
  EyeLike: likeFirst,
  Flatten,
  Gather,
  GatherElements,
  GatherND,
  NonZero,
  OneHot,
  Pad,
  Range,
  Reshape,
  Resize,
  ReverseSequence: likeFirst,
  ScatterElements: likeFirst,
  ScatterND: likeFirst,
  Shape,
  Size: () => [{ dtype: "int64", shape: [] }],
  Slice,
  SpaceToDepth: blocks(false),
  Split,
  Squeeze,
  Tile,
  Transpose,
  Trilu: likeFirst,
  Unsqueeze,
};
