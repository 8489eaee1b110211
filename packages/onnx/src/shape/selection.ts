import type { Dim } from "../graph.ts";
import { clamp, likeFirst, type ShapeRule, typed } from "./rule.ts";

const Concat: ShapeRule = (node) => {
  const dtype = node.type(0)?.dtype;
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

const Gather: ShapeRule = (node) => {
  const dtype = node.type(0)?.dtype;
  const [data, indices] = [node.shape(0), node.shape(1)];
  if (!dtype || !data || !indices) return [dtype && { dtype }];
  const axis = node.axis(node.attribute("axis", 0), data.length);
  return [{ dtype, shape: [...data.slice(0, axis), ...indices, ...data.slice(axis + 1)] }];
};

const GatherElements: ShapeRule = (node) => {
  const dtype = node.type(0)?.dtype;
  return [dtype && typed(dtype, node.shape(1))];
};

const GatherND: ShapeRule = (node) => {
  const dtype = node.type(0)?.dtype;
  const [data, indices] = [node.shape(0), node.shape(1)];
  const depth = indices?.at(-1);
  if (!dtype || !data || !indices || typeof depth !== "number") return [dtype && { dtype }];
  return [{ dtype, shape: [...indices.slice(0, -1), ...data.slice(node.attribute("batch_dims", 0) + depth)] }];
};

const NonZero: ShapeRule = (node) => {
  const rank = node.shape(0)?.length;
  // A scalar counts as a vector, as in onnxruntime.
  return [typed("int64", rank === undefined ? undefined : [Math.max(rank, 1), node.fresh(1)])];
};

export const SELECTION: Readonly<Record<string, ShapeRule>> = {
  Concat,
  Gather,
  GatherElements,
  GatherND,
  NonZero,
  Pad,
  ReverseSequence: likeFirst,
  ScatterElements: likeFirst,
  ScatterND: likeFirst,
  Slice,
  Split,
  Trilu: likeFirst,
};
