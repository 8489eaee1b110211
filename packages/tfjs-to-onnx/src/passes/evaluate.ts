import { float32, type Node, numbersOf, sizeOf, type Tensor, type TensorOf } from "@glyphcast/onnx";
import { forEachOffset, stridesOf } from "../layout.ts";

type Floats = TensorOf<"float32">;
type Rule = (
  inputs: readonly Floats[],
  attributes: Node["attributes"],
  shape: () => Tensor | undefined,
) => Floats | undefined;

/**
 * What a node computes from weights of any size: the arithmetic that spells out a normalisation, and what lays weights
 * out. (Small constants, as shapes are made of, are known to shape inference already.)
 */
export function evaluate(
  { op, attributes }: Node,
  [x, other, ...rest]: readonly (Tensor | undefined)[],
): Tensor | undefined {
  const rule = RULES.get(op);
  if (!rule || x?.dtype !== "float32" || rest.length > 0) return undefined;
  if (op === "Reshape" || other === undefined) return rule([x], attributes, () => other);
  return other.dtype === "float32" ? rule([x, other], attributes, () => undefined) : undefined;
}

const unary =
  (compute: (x: number) => number): Rule =>
  ([x]) =>
    float32(x!.shape, x!.data.map(compute));

const binary =
  (compute: (a: number, b: number) => number): Rule =>
  ([a, b]) => {
    const shape = b && broadcast(a!.shape, b.shape);
    if (!shape) return undefined;
    const [left, right] = [spread(a!, shape), spread(b, shape)];
    return float32(
      shape,
      left.map((value, i) => compute(value, right[i]!)),
    );
  };

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
function spread({ shape: own, data }: Floats, shape: readonly number[]): Float32Array {
  if (data.length === sizeOf(shape)) return data;
  const missing = shape.length - own.length;
  const strides = stridesOf(own);
  const repeated = shape.map((_, i) => (i < missing || own[i - missing] === 1 ? 0 : strides[i - missing]!));
  return gathered(data, shape, repeated);
}

function gathered(data: Float32Array, shape: readonly number[], strides: readonly number[]): Float32Array {
  const result = new Float32Array(sizeOf(shape));
  forEachOffset(shape, strides, (offset, i) => {
    result[i] = data[offset]!;
  });
  return result;
}

const transpose: Rule = ([x], { perm }) => {
  const { shape, data } = x!;
  const order = (perm as readonly number[] | undefined) ?? shape.map((_, axis) => shape.length - 1 - axis);
  const strides = stridesOf(shape);
  const target = order.map((axis) => shape[axis]!);
  return float32(
    target,
    gathered(
      data,
      target,
      order.map((axis) => strides[axis]!),
    ),
  );
};

/** 0 copies an extent, -1 is what is left. */
const reshape: Rule = ([x], { allowzero }, target) => {
  const given = target();
  if (!given || allowzero) return undefined;
  const { shape, data } = x!;
  const wanted = numbersOf(given).map((dim, i) => (dim === 0 ? shape[i]! : dim));
  const open = wanted.indexOf(-1);
  if (open >= 0) wanted[open] = data.length / -sizeOf(wanted);
  return sizeOf(wanted) === data.length && wanted.every(Number.isInteger) ? float32(wanted, data) : undefined;
};

const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ["Add", binary((a, b) => a + b)],
  ["Div", binary((a, b) => a / b)],
  ["Mul", binary((a, b) => a * b)],
  ["Neg", unary((x) => -x)],
  ["Reciprocal", unary((x) => 1 / x)],
  ["Reshape", reshape],
  ["Sqrt", unary(Math.sqrt)],
  ["Sub", binary((a, b) => a - b)],
  ["Transpose", transpose],
]);
