import { ARRAY_OF, type DataType, type Node, numbersOf, PROTO_TYPE_OF, sizeOf, type Tensor } from "@glyphcast/onnx";
import { forEachOffset, stridesOf } from "../layout.ts";

type Inputs = readonly (Tensor | undefined)[];
type Attributes = Node["attributes"];

/** What a node computes from constants, each result rounded as ONNX's type has it; undefined where that is unknown. */
export function evaluate({ op, attributes }: Node, inputs: Inputs): Tensor | undefined {
  const rule = RULES.get(op);
  if (!rule || inputs.some((tensor) => tensor && !COMPUTED.has(tensor.dtype))) return undefined;
  return rule(inputs, attributes);
}

/** Types whose elements are numbers here. */
const COMPUTED: ReadonlySet<DataType> = new Set(["bool", "float32", "float64", "int32", "int64", "uint8"]);

type Rule = (inputs: Inputs, attributes: Attributes) => Tensor | undefined;

type Numbers = Exclude<DataType, "string">;

function tensorOf(dtype: DataType, shape: readonly number[], values: ArrayLike<number>): Tensor {
  const data = new ARRAY_OF[dtype as Numbers](values.length) as Float32Array;
  const big = dtype === "int64" || dtype === "uint64";
  for (let i = 0; i < values.length; i++) data[i] = big ? (BigInt(values[i]!) as unknown as number) : values[i]!;
  return { dtype, shape, data } as Tensor;
}

const isInteger = ({ dtype }: Tensor): boolean => /^u?int/.test(dtype);

const unary =
  (compute: (x: number) => number): Rule =>
  ([x]) =>
    x && tensorOf(x.dtype, x.shape, numbersOf(x).map(compute));

const binary =
  (compute: (a: number, b: number, integers: boolean) => number, to?: DataType): Rule =>
  ([a, b]) => {
    if (!a || !b) return undefined;
    const shape = broadcast(a.shape, b.shape);
    if (!shape) return undefined;
    const [left, right] = [spread(a, shape), spread(b, shape)];
    const integers = isInteger(a);
    const values = left.map((value, i) => compute(value, right[i]!, integers));
    return values.every((value) => !integers || Number.isSafeInteger(value))
      ? tensorOf(to ?? a.dtype, shape, values)
      : undefined;
  };

/** Max and Min take any number of operands. */
const pairwise =
  (rule: Rule): Rule =>
  (inputs, attributes) =>
    inputs.length === 2 ? rule(inputs, attributes) : undefined;

function broadcast(a: readonly number[], b: readonly number[]): readonly number[] | undefined {
  const rank = Math.max(a.length, b.length);
  const shape: number[] = [];
  for (let i = 0; i < rank; i++) {
    const [x = 1, y = 1] = [a[a.length - rank + i], b[b.length - rank + i]];
    if (x !== y && x !== 1 && y !== 1) return undefined;
    shape.push(x === 1 ? y : x);
  }
  return shape;
}

/** The elements of a tensor repeated along the axes that it lacks. */
function spread(tensor: Tensor, shape: readonly number[]): number[] {
  const values = numbersOf(tensor);
  if (values.length === sizeOf(shape)) return values;
  const own = stridesOf(tensor.shape);
  const missing = shape.length - tensor.shape.length;
  const strides = shape.map((_, i) => (i < missing || tensor.shape[i - missing] === 1 ? 0 : own[i - missing]!));
  return gathered(values, shape, strides);
}

function gathered(values: readonly number[], shape: readonly number[], strides: readonly number[], from = 0): number[] {
  const result = new Array<number>(sizeOf(shape));
  forEachOffset(shape, strides, (offset, i) => {
    result[i] = values[from + offset]!;
  });
  return result;
}

const reshape = (x: Tensor, shape: readonly number[]): Tensor | undefined =>
  sizeOf(shape) === x.data.length ? ({ dtype: x.dtype, shape, data: x.data } as Tensor) : undefined;

const transpose: Rule = ([x], { perm }) => {
  if (!x) return undefined;
  const order = (perm as readonly number[] | undefined) ?? x.shape.map((_, axis) => x.shape.length - 1 - axis);
  const strides = stridesOf(x.shape);
  const shape = order.map((axis) => x.shape[axis]!);
  const values = gathered(
    numbersOf(x),
    shape,
    order.map((axis) => strides[axis]!),
  );
  return tensorOf(x.dtype, shape, values);
};

/** 0 copies an extent, -1 is what is left. */
const reshaped: Rule = ([x, target], { allowzero }) => {
  if (!x || !target || allowzero) return undefined;
  const shape = numbersOf(target).map((dim, i) => (dim === 0 ? x.shape[i]! : dim));
  const open = shape.indexOf(-1);
  if (open >= 0) shape[open] = x.data.length / -sizeOf(shape);
  return shape.every(Number.isInteger) ? reshape(x, shape) : undefined;
};

/** Axes counted from the front: since opset 13 they are an input. */
const axesOf = (axes: Tensor | undefined, rank: number): readonly number[] | undefined =>
  axes && numbersOf(axes).map((axis) => (axis < 0 ? axis + rank : axis));

const squeeze: Rule = ([x, axes]) => {
  if (!x) return undefined;
  const dropped = axesOf(axes, x.shape.length);
  return reshape(
    x,
    x.shape.filter((dim, axis) => (dropped ? !dropped.includes(axis) : dim !== 1)),
  );
};

const unsqueeze: Rule = ([x, axes]) => {
  if (!x || !axes) return undefined;
  const rank = x.shape.length + axes.data.length;
  const added = axesOf(axes, rank)!;
  const rest = [...x.shape];
  return reshape(
    x,
    Array.from({ length: rank }, (_, axis) => (added.includes(axis) ? 1 : rest.shift()!)),
  );
};

const concat: Rule = (inputs, attributes) => {
  const tensors = inputs.filter((tensor) => tensor !== undefined);
  const [first] = tensors;
  if (!first) return undefined;
  const given = attributes.axis as number;
  const axis = given < 0 ? given + first.shape.length : given;
  const rows = sizeOf(first.shape.slice(0, axis));
  const parts = tensors.map((tensor) => ({ values: numbersOf(tensor), width: tensor.data.length / rows }));
  const values: number[] = [];
  for (let row = 0; row < rows; row++)
    for (const part of parts) values.push(...part.values.slice(row * part.width, (row + 1) * part.width));
  const extent = tensors.reduce((sum, { shape }) => sum + shape[axis]!, 0);
  return tensorOf(first.dtype, first.shape.with(axis, extent), values);
};

const gather: Rule = ([x, indices], attributes) => {
  if (!x || !indices) return undefined;
  const { axis: given = 0 } = attributes as { axis?: number };
  const axis = given < 0 ? given + x.shape.length : given;
  const [rows, inner] = [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis + 1))];
  const [source, extent, values] = [numbersOf(x), x.shape[axis]!, [] as number[]];
  for (let row = 0; row < rows; row++)
    for (const index of numbersOf(indices)) {
      const at = (row * extent + (index < 0 ? index + extent : index)) * inner;
      values.push(...source.slice(at, at + inner));
    }
  return tensorOf(x.dtype, x.shape.toSpliced(axis, 1, ...indices.shape), values);
};

const slice: Rule = ([x, starts, ends, axes, steps]) => {
  if (!x || !starts || !ends) return undefined;
  const rank = x.shape.length;
  const along = axesOf(axes, rank) ?? x.shape.map((_, axis) => axis);
  const [from, to, by] = [numbersOf(starts), numbersOf(ends), steps && numbersOf(steps)];
  if (by?.some((step) => step !== 1)) return undefined;
  const shape = [...x.shape];
  const strides = stridesOf(x.shape);
  let offset = 0;
  for (const [i, axis] of along.entries()) {
    const extent = x.shape[axis]!;
    const clamp = (index: number): number => Math.min(extent, Math.max(0, index < 0 ? index + extent : index));
    const [begin, end] = [clamp(from[i]!), clamp(to[i]!)];
    shape[axis] = Math.max(0, end - begin);
    offset += begin * strides[axis]!;
  }
  return tensorOf(x.dtype, shape, gathered(numbersOf(x), shape, strides, offset));
};

const cast: Rule = ([x], { to }) => {
  const dtype = (Object.keys(PROTO_TYPE_OF) as DataType[]).find((name) => PROTO_TYPE_OF[name] === to);
  if (!x || !dtype || !COMPUTED.has(dtype)) return undefined;
  const values = numbersOf(x);
  if (dtype === "bool")
    return tensorOf(
      dtype,
      x.shape,
      values.map((value) => Number(value !== 0)),
    );
  const integers = /^u?int/.test(dtype);
  // What does not fit an integer is up to the runtime.
  const limit = dtype === "uint8" ? 255 : 2 ** 31 - 1;
  if (integers && !values.every((value) => Math.abs(value) <= limit && (dtype !== "uint8" || value >= 0)))
    return undefined;
  return tensorOf(dtype, x.shape, integers ? values.map(Math.trunc) : values);
};

const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ["Abs", unary(Math.abs)],
  ["Add", binary((a, b) => a + b)],
  ["Cast", cast],
  ["Ceil", unary(Math.ceil)],
  ["Concat", concat],
  ["Div", binary((a, b, integers) => (integers ? Math.trunc(a / b) : a / b))],
  ["Exp", unary(Math.exp)],
  ["Floor", unary(Math.floor)],
  ["Gather", gather],
  ["Identity", ([x]) => x],
  ["Log", unary(Math.log)],
  ["Max", pairwise(binary((a, b) => Math.max(a, b)))],
  ["Min", pairwise(binary((a, b) => Math.min(a, b)))],
  ["Mul", binary((a, b) => a * b)],
  ["Neg", unary((x) => -x)],
  ["Reciprocal", unary((x) => 1 / x)],
  ["Relu", unary((x) => Math.max(0, x))],
  ["Reshape", reshaped],
  ["Slice", slice],
  ["Sqrt", unary(Math.sqrt)],
  ["Squeeze", squeeze],
  ["Sub", binary((a, b) => a - b)],
  ["Transpose", transpose],
  ["Unsqueeze", unsqueeze],
]);
