// What exporters compute shapes with: small tensors of numbers, known before anything runs.
import { ARRAY_OF, type DataType } from "../dtype.ts";
import type { ValueType } from "../graph.ts";
import { type Tensor, tensor } from "../tensor.ts";
import { clamp, isStatic, type NodeView, product } from "./rule.ts";

/** Past this it is data, not a shape. */
const MOST_ELEMENTS = 1024;

interface Values {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface Evaluation {
  readonly node: NodeView;
  readonly inputs: readonly Values[];
  /** Of the output. */
  readonly shape: readonly number[];
  readonly dtype: DataType;
}

/** The output's elements; undefined where a form of the operator is not evaluated. */
type Evaluate = (evaluation: Evaluation) => readonly number[] | undefined;

/** One element of the output after another, each from its position. */
function fill(shape: readonly number[], element: (at: readonly number[]) => number): readonly number[] {
  const at = shape.map(() => 0);
  return Array.from({ length: product(shape) }, () => {
    const value = element(at);
    for (let axis = shape.length - 1; axis >= 0 && ++at[axis]! === shape[axis]; axis--) at[axis] = 0;
    return value;
  });
}

const flatIndex = (at: readonly number[], shape: readonly number[]): number =>
  shape.reduce((index, extent, axis) => index * extent + at[axis]!, 0);

const pick = ({ shape, data }: Values, at: readonly number[]): number => data[flatIndex(at, shape)]!;

/** An element of an input that broadcasts to the output. */
const pickBroadcast = (values: Values, at: readonly number[]): number => {
  const own = at.slice(at.length - values.shape.length);
  return pick(
    values,
    own.map((index, axis) => (values.shape[axis] === 1 ? 0 : index)),
  );
};

const pointwise =
  (formula: (a: number, b: number, c: number) => number | boolean): Evaluate =>
  ({ inputs, shape }) =>
    fill(shape, (at) => {
      const [a, b = Number.NaN, c = Number.NaN] = inputs.map((input) => pickBroadcast(input, at));
      return Number(formula(a!, b, c));
    });

const variadic =
  (formula: (...values: number[]) => number): Evaluate =>
  ({ inputs, shape }) =>
    fill(shape, (at) => formula(...inputs.map((input) => pickBroadcast(input, at))));

/** What keeps the elements and their order, whatever they are. */
const KEEPING: ReadonlySet<string> = new Set(["Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze"]);

const isWhole = (dtype: DataType): boolean => !dtype.startsWith("float");

const Div: Evaluate = (evaluation) => {
  const whole = isWhole(evaluation.dtype);
  // Integers divide towards zero; by zero they do not.
  if (whole && evaluation.inputs[1]!.data.includes(0)) return undefined;
  return pointwise((a, b) => (whole ? Math.trunc(a / b) : a / b))(evaluation);
};

const Mod: Evaluate = (evaluation) => {
  if (evaluation.inputs[1]!.data.includes(0)) return undefined;
  const likeC = evaluation.node.attribute("fmod", 0) === 1;
  return pointwise((a, b) => (likeC ? a % b : a - b * Math.floor(a / b)))(evaluation);
};

const Cast: Evaluate = ({ inputs, dtype, node }) => {
  if (dtype === "bool") return inputs[0]!.data.map((value) => Number(value !== 0));
  return isWhole(dtype) && !isWhole(node.type(0)!.dtype) ? inputs[0]!.data.map(Math.trunc) : inputs[0]!.data;
};

const Concat: Evaluate = ({ node, inputs, shape }) => {
  const axis = node.axis(node.attribute("axis", 0), shape.length);
  return fill(shape, (at) => {
    let place = at[axis]!;
    const part = inputs.find((input) => {
      const inside = place < input.shape[axis]!;
      if (!inside) place -= input.shape[axis]!;
      return inside;
    })!;
    return pick(part, at.with(axis, place));
  });
};

const Gather: Evaluate = ({ node, inputs: [data, indices], shape }) => {
  const axis = node.axis(node.attribute("axis", 0), data!.shape.length);
  const rank = indices!.shape.length;
  return fill(shape, (at) => {
    const index = pick(indices!, at.slice(axis, axis + rank));
    const from = index < 0 ? index + data!.shape[axis]! : index;
    return pick(data!, [...at.slice(0, axis), from, ...at.slice(axis + rank)]);
  });
};

const Slice: Evaluate = ({ node, inputs: [data], shape }) => {
  const starts = node.argument(1, "starts");
  const axes = node.argument(3, "axes") ?? starts?.map((_, axis) => axis);
  const steps = node.argument(4, "steps") ?? starts?.map(() => 1);
  if (!starts || !axes || !steps) return undefined;
  const firsts = shape.map(() => 0);
  const strides = shape.map(() => 1);
  for (const [i, given] of axes.entries()) {
    const axis = node.axis(given, shape.length);
    const extent = data!.shape[axis]!;
    const [start, step] = [starts[i]!, steps[i]!];
    firsts[axis] = clamp(start < 0 ? start + extent : start, 0, step > 0 ? extent : extent - 1);
    strides[axis] = step;
  }
  return fill(shape, (at) =>
    pick(
      data!,
      at.map((index, axis) => firsts[axis]! + index * strides[axis]!),
    ),
  );
};

const Transpose: Evaluate = ({ node, inputs: [data], shape }) => {
  const perm = node.attribute("perm", [...shape.keys()].reverse());
  return fill(shape, (at) =>
    pick(
      data!,
      shape.map((_, axis) => at[perm.indexOf(axis)]!),
    ),
  );
};

const ConstantOfShape: Evaluate = ({ node, shape }) => {
  const value = node.node.attributes.value as Tensor | undefined;
  return fill(shape, () => (value ? Number(value.data[0]) : 0));
};

const Range: Evaluate = ({ inputs: [start, , delta], shape }) =>
  fill(shape, ([at]) => start!.data[0]! + at! * delta!.data[0]!);

const EVALUATED: Readonly<Record<string, Evaluate>> = {
  Abs: pointwise(Math.abs),
  Add: pointwise((a, b) => a + b),
  And: pointwise((a, b) => a !== 0 && b !== 0),
  Cast,
  Ceil: pointwise(Math.ceil),
  Concat,
  ConstantOfShape,
  Div,
  Equal: pointwise((a, b) => a === b),
  Expand: pointwise((a) => a),
  Floor: pointwise(Math.floor),
  Gather,
  Greater: pointwise((a, b) => a > b),
  GreaterOrEqual: pointwise((a, b) => a >= b),
  Less: pointwise((a, b) => a < b),
  LessOrEqual: pointwise((a, b) => a <= b),
  Max: variadic(Math.max),
  Min: variadic(Math.min),
  Mod,
  Mul: pointwise((a, b) => a * b),
  Neg: pointwise((a) => -a),
  Not: pointwise((a) => a === 0),
  Or: pointwise((a, b) => a !== 0 || b !== 0),
  Range,
  Slice,
  Sub: pointwise((a, b) => a - b),
  Transpose,
  Where: pointwise((condition, a, b) => (condition !== 0 ? a : b)),
};

/** The output of a node whose inputs are all constants, where they are small and it is one that shapes are made with. */
export function evaluate(node: NodeView, output: ValueType | undefined): Tensor | undefined {
  if (!output || !isStatic(output.shape) || product(output.shape) > MOST_ELEMENTS) return undefined;
  const { dtype, shape } = output;
  const { op } = node.node;
  if (KEEPING.has(op)) {
    const constant = node.constant(0);
    return constant && { ...constant, shape };
  }
  const rule = Object.hasOwn(EVALUATED, op) ? EVALUATED[op] : undefined;
  if (!rule) return undefined;
  if (dtype === "string" || dtype === "float16" || dtype === "bfloat16" || dtype === "float64") return undefined;
  const inputs: Values[] = [];
  for (const index of node.node.inputs.keys()) {
    if (!node.has(index)) continue;
    const constant = node.constant(index);
    const data = constant && product(constant.shape) <= MOST_ELEMENTS ? node.numbers(index) : undefined;
    if (!constant || !data) return undefined;
    inputs.push({ shape: constant.shape, data });
  }
  const data = rule({ node, inputs, shape, dtype });
  // What does not fit a double exactly, such as the end of a Slice without one, is left alone.
  if (!data || (isWhole(dtype) && !data.every(Number.isSafeInteger))) return undefined;
  const elements = dtype === "int64" || dtype === "uint64" ? data.map(BigInt) : data;
  return tensor(
    dtype,
    shape,
    (ARRAY_OF[dtype] as unknown as { from(values: Iterable<unknown>): never }).from(elements),
  ) as Tensor;
}
