import type { Dim, ValueType } from "../graph.ts";
import { isStatic, type NodeView, product, type ShapeRule, typed } from "./rule.ts";

/** A sliding window over the spatial axes, all attributes resolved: `auto_pad` has become numbers. */
export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Begin of each axis, then end of each axis, as in ONNX. */
  readonly pads: readonly number[];
}

/** What is asked of a node to resolve its window. */
type WindowNode = Pick<NodeView, "attribute" | "fail">;

/** @throws ShapeError when `auto_pad` depends on a spatial extent that is not known, or an attribute has the wrong length. */
export function windowOf(node: WindowNode, kernel: readonly number[], spatial: readonly Dim[]): Window {
  const { strides, dilations } = stepsOf(node, kernel);
  const autoPad = node.attribute("auto_pad", "NOTSET");
  if (!autoPad.startsWith("SAME")) {
    const none = Array.from({ length: 2 * kernel.length }, () => 0);
    return { kernel, strides, dilations, pads: autoPad === "VALID" ? none : perAxis(node, "pads", none) };
  }
  const totals = kernel.map((extent, axis) => {
    const [size, stride, reach] = [spatial[axis]!, strides[axis]!, (extent - 1) * dilations[axis]! + 1];
    if (stride === 1) return reach - 1;
    if (typeof size === "string")
      return node.fail(`auto_pad ${autoPad} with stride ${stride} needs a known extent, axis ${axis} is "${size}".`);
    return Math.max(0, (Math.ceil(size / stride) - 1) * stride + reach - size);
  });
  const small = totals.map((total) => Math.floor(total / 2));
  const large = totals.map((total) => Math.ceil(total / 2));
  return { kernel, strides, dilations, pads: autoPad === "SAME_LOWER" ? [...large, ...small] : [...small, ...large] };
}

function stepsOf(node: WindowNode, kernel: readonly number[]): Pick<Window, "strides" | "dilations"> {
  const ones = kernel.map(() => 1);
  return { strides: perAxis(node, "strides", ones), dilations: perAxis(node, "dilations", ones) };
}

function perAxis(node: WindowNode, name: string, otherwise: readonly number[]): readonly number[] {
  const values = node.attribute(name, otherwise);
  if (values.length !== otherwise.length)
    node.fail(`${name} has ${values.length} numbers, the window needs ${otherwise.length}.`);
  return values;
}

/** The spatial extents after a window has slid over them. */
function slide(node: NodeView, spatial: readonly Dim[], kernel: readonly number[], ceil = false): Dim[] {
  // Padding to SAME depends on the extent, but its outcome does not depend on the padding.
  if (node.attribute("auto_pad", "NOTSET").startsWith("SAME")) {
    const { strides } = stepsOf(node, kernel);
    return spatial.map((size, axis) => {
      if (strides[axis] === 1) return size;
      return typeof size === "string" ? node.fresh(axis + 2) : Math.ceil(size / strides[axis]!);
    });
  }
  const { strides, dilations, pads } = windowOf(node, kernel, spatial);
  return spatial.map((size, axis) => {
    const reach = (kernel[axis]! - 1) * dilations[axis]! + 1;
    const [begin, end, stride] = [pads[axis]!, pads[axis + kernel.length]!, strides[axis]!];
    const padding = begin + end;
    if (typeof size === "string") return stride === 1 && padding === reach - 1 ? size : node.fresh(axis + 2);
    const steps = (size + padding - reach) / stride;
    if (steps < 0) node.fail(`a window of ${reach} does not fit into ${size} + ${padding} (axis ${axis}).`);
    // With ceil_mode, a window that would begin in the end padding is dropped.
    if (ceil) return Math.min(Math.ceil(steps), Math.floor((size + begin - 1) / stride)) + 1;
    return Math.floor(steps) + 1;
  });
}

const Conv: ShapeRule = (node) => {
  const dtype = node.type(0)?.dtype;
  const [x, w] = [node.shape(0), node.shape(1)];
  if (!dtype || !x || !w) return [dtype && { dtype }];
  if (x.length !== w.length || x.length < 3)
    node.fail(`input has rank ${x.length}, weight has rank ${w.length}; both need the same, 3 or more.`);
  const group = node.attribute("group", 1);
  const [channels, expected] = [x[1]!, w[1]!];
  if (typeof channels === "number" && typeof expected === "number" && channels !== expected * group)
    node.fail(`input has ${channels} channels, weight expects ${expected * group}.\n  Images are NCHW here.`);
  const kernel = w.slice(2);
  if (!isStatic(kernel)) return [typed(dtype, [x[0]!, w[0]!, ...kernel.map((_, i) => node.fresh(i + 2))])];
  return [{ dtype, shape: [x[0]!, w[0]!, ...slide(node, x.slice(2), kernel)] }];
};

const ConvTranspose: ShapeRule = (node) => {
  const dtype = node.type(0)?.dtype;
  const [x, w] = [node.shape(0), node.shape(1)];
  if (!dtype || !x || !w) return [dtype && { dtype }];
  if (x.length !== w.length || x.length < 3)
    node.fail(`input has rank ${x.length}, weight has rank ${w.length}; both need the same, 3 or more.`);
  if (typeof x[1] === "number" && typeof w[0] === "number" && x[1] !== w[0])
    node.fail(`input has ${x[1]} channels, weight expects ${w[0]}.\n  Images are NCHW here.`);
  const channels = typeof w[1] === "number" ? w[1] * node.attribute("group", 1) : node.fresh(1);
  const ones = x.slice(2).map(() => 1);
  const outputShape = node.attribute("output_shape", []);
  const autoPad = node.attribute("auto_pad", "NOTSET");
  const strides = node.attribute("strides", ones);
  const dilations = node.attribute("dilations", ones);
  const outputPadding = node.attribute(
    "output_padding",
    ones.map(() => 0),
  );
  const pads = node.attribute("pads", [...ones, ...ones].fill(0));
  const spatial = ones.map((_, axis): Dim => {
    if (outputShape.length > 0) return outputShape.slice(-ones.length)[axis]!;
    const [size, extent] = [x[axis + 2]!, w[axis + 2]!];
    if (typeof size === "string" || typeof extent === "string") return node.fresh(axis + 2);
    const whole = strides[axis]! * (size - 1) + outputPadding[axis]! + (extent - 1) * dilations[axis]! + 1;
    // Padding can only crop: where the kernel does not reach the next stride, onnxruntime leaves the rest away.
    if (autoPad.startsWith("SAME")) return Math.min(size * strides[axis]!, whole);
    return autoPad === "VALID" ? whole : whole - pads[axis]! - pads[axis + ones.length]!;
  });
  return [{ dtype, shape: [x[0]!, channels, ...spatial] }];
};

const pool: ShapeRule = (node) => {
  const type = node.type(0);
  if (!type?.shape) return [type, { dtype: "int64" }];
  const [batch, channels, ...spatial] = type.shape;
  const kernel = node.attribute("kernel_shape", []);
  if (kernel.length === 0 || kernel.length !== spatial.length)
    node.fail(
      `the window has ${kernel.length} axes (kernel_shape), the input [${type.shape.join(", ")}] needs ${Math.max(1, spatial.length)}.`,
    );
  const shape = [batch!, channels!, ...slide(node, spatial, kernel, node.attribute("ceil_mode", 0) === 1)];
  const outputs: ValueType[] = [{ dtype: type.dtype, shape }];
  if (node.node.outputs[1]) outputs.push({ dtype: "int64", shape });
  return outputs;
};

/** Undoes a MaxPool: what the window slid over, or the shape that the third input gives. */
const MaxUnpool: ShapeRule = (node) => {
  const type = node.type(0);
  const shape = type?.shape;
  if (!type || !shape) return [type];
  if (node.has(2)) return [typed(type.dtype, node.numbers(2) ?? shape.map((_, axis) => node.fresh(axis)))];
  const { kernel, strides, pads } = windowOf(node, node.attribute("kernel_shape", []), shape.slice(2));
  const spread = (size: Dim, i: number): Dim =>
    typeof size === "string"
      ? node.fresh(i + 2)
      : (size - 1) * strides[i]! + kernel[i]! - pads[i]! - pads[i + kernel.length]!;
  return [{ dtype: type.dtype, shape: [...shape.slice(0, 2), ...shape.slice(2).map(spread)] }];
};

/** Adds the columns of blocks [batch, channels · block, blocks] up to the images that they were taken from. */
const Col2Im: ShapeRule = (node) => {
  const type = node.type(0);
  const [image, block] = [node.numbers(1), node.numbers(2)];
  const [batch, columns] = type?.shape ?? [];
  if (!type || batch === undefined || !image) return [type && { dtype: type.dtype }];
  const channels = block && typeof columns === "number" ? columns / product(block) : node.fresh(1);
  if (typeof channels === "number" && !Number.isInteger(channels))
    node.fail(`${columns} columns are not a multiple of the block [${block!.join(", ")}].`);
  return [{ dtype: type.dtype, shape: [batch, channels, ...image] }];
};

const globalPool: ShapeRule = (node) => {
  const type = node.type(0);
  return [type?.shape ? { dtype: type.dtype, shape: type.shape.map((dim, axis) => (axis < 2 ? dim : 1)) } : type];
};

export const WINDOWED: Readonly<Record<string, ShapeRule>> = {
  Col2Im,
  Conv,
  ConvTranspose,
  AveragePool: pool,
  LpPool: pool,
  MaxPool: pool,
  MaxUnpool,
  GlobalAveragePool: globalPool,
  GlobalLpPool: globalPool,
  GlobalMaxPool: globalPool,
};
