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

const Concat: ShapeRule = (node) => {
  const dtype = dtypeOf(node);
  const shapes = node.node.inputs.map((_, index) => node.shape(index));
  const [first] = shapes;
  if (!dtype || !first) return [dtype && { dtype }];
  const axis = node.axis(node.attribute("axis", 0), first.length);
  const other = shapes.find((shape) => shape && shape.length !== first.length);
  if (other) node.fail(`[${first.join(", ")}] and [${other.join(", ")}] have different ranks.`);
  const extents = shapes.map((shape) => shape?.[axis]);
  const sum = extents.every((dim) => typeof dim === "number") ? extents.reduce((a, b) => a + b, 0) : node.fresh(axis);
  const total = shapes.length === 1 ? first[axis]! : sum;
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
  const sizes = node.argument(1, "split");
  if (sizes && sizes.length !== count) node.fail(`${sizes.length} sizes are given for ${count} outputs.`);
  if (sizes && typeof total === "number" && sizes.reduce((a, b) => a + b, 0) !== total)
    node.fail(`the sizes ${sizes.join(" + ")} do not add up to the extent ${total} of axis ${axis}.`);
  const extent = (output: number): Dim => {
    if (sizes) return sizes[output]!;
    if (node.isDynamic(1) || typeof total === "string") return node.fresh(axis, output);
    const chunk = Math.ceil(total / count);
    return clamp(total - chunk * output, 0, chunk);
  };
  return Array.from({ length: count }, (_, output) =>
    typed(
      type.dtype,
      shape.map((dim, i) => (i === axis ? extent(output) : dim)),
    ),
  );
};

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

const Slice: ShapeRule = (node) => {
  const type = node.type(0);
  const shape = type?.shape;
  if (!type || !shape) return [type];
  const [starts, ends] = [node.argument(1, "starts"), node.argument(2, "ends")];
  const every = shape.map((_, axis) => axis);
  if (node.isDynamic(3))
    return [
      typed(
        type.dtype,
        every.map((axis) => node.fresh(axis)),
      ),
    ];
  const axes = node.argument(3, "axes") ?? every.slice(0, starts?.length ?? ends?.length);
  const steps = node.isDynamic(4) ? undefined : (node.argument(4, "steps") ?? axes.map(() => 1));
  const result = [...shape];
  for (const [i, given] of axes.entries()) {
    const axis = node.axis(given, shape.length);
    result[axis] = sliced(shape[axis]!, starts?.[i], ends?.[i], steps?.[i]) ?? node.fresh(axis);
  }
  return [{ dtype: type.dtype, shape: result }];
};

/** From here on, exporters mean "to the end". */
const TO_THE_END = 2 ** 31 - 1;

/** The two numbers that mean the end in the direction of the step, even backwards, to onnxruntime. */
const toTheEnd = (end: number): boolean => end === TO_THE_END || end === 2 ** 63;

/** The extent that is left of one; undefined where that depends on what is not known. */
function sliced(size: Dim, start: number | undefined, end: number | undefined, step: number | undefined) {
  if (start === undefined || end === undefined || step === undefined) return undefined;
  if (typeof size === "string") {
    const forwards = start === 0 && step === 1 && end >= TO_THE_END;
    const backwards = (start === -1 || start >= TO_THE_END) && step === -1 && (toTheEnd(end) || end <= -TO_THE_END);
    return forwards || backwards ? size : undefined;
  }
  if (toTheEnd(end)) end = step < 0 ? -1 - size : size;
  const from = clamp(start < 0 ? start + size : start, 0, step > 0 ? size : size - 1);
  const to = clamp(end < 0 ? end + size : end, step > 0 ? 0 : -1, size);
  return Math.max(0, Math.ceil((to - from) / step));
}

const Pad: ShapeRule = (node) => {
  const type = node.type(0);
  const shape = type?.shape;
  const pads = node.argument(1, "pads");
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

const NonZero: ShapeRule = (node) => {
  const rank = node.shape(0)?.length;
  // A scalar counts as a vector, as in onnxruntime.
  return [typed("int64", rank === undefined ? undefined : [Math.max(rank, 1), node.fresh(1)])];
};

export const LAYOUT: Readonly<Record<string, ShapeRule>> = {
  Concat,
  ConstantOfShape,
  DepthToSpace: blocks(true),
  Expand,
  EyeLike: (node) => {
    const type = node.type(0);
    const dtype = "dtype" in node.node.attributes ? node.dtypeAttribute("dtype") : type?.dtype;
    return [dtype && typed(dtype, type?.shape)];
  },
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
