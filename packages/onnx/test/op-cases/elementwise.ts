import fc from "fast-check";
import { type DataType, PROTO_TYPE_OF, type Tensor, zeros } from "../../src/index.ts";
import { bools, broadcastable, type Cases, emptyableShapes, ints, ones } from "./tensors.ts";

const unary = (like: (shape: readonly number[]) => Tensor = ones, opset = 17): Cases =>
  emptyableShapes(0, 4).map((shape) => ({ inputs: [like(shape)], opset }));

const binary = (like: (shape: readonly number[]) => Tensor = ones, opset = 17): Cases =>
  broadcastable(2).map((shapes) => ({ inputs: shapes.map(like), opset }));

const variadic: Cases = fc
  .integer({ min: 1, max: 3 })
  .chain(broadcastable)
  .map((shapes) => ({ inputs: shapes.map(ones) }));

/** What onnxruntime casts between; 16-bit floats it holds otherwise than we do. */
const CASTABLE: readonly DataType[] = ["float32", "float64", "int8", "int32", "int64", "uint8", "uint64", "bool"];

export const ELEMENTWISE_CASES: Readonly<Record<string, Cases>> = {
  ...Object.fromEntries(
    [
      "Abs Acos Acosh Asin Asinh Atan Atanh Ceil Celu Cos Cosh Elu Erf Exp Floor HardSigmoid HardSwish Identity",
      "LeakyRelu Log Neg Reciprocal Relu Round Selu Sigmoid Sign Sin Sinh Softplus Softsign Sqrt Tan Tanh",
      "ThresholdedRelu IsInf IsNaN",
    ].flatMap((ops) => ops.split(" ").map((op) => [op, unary()])),
  ),
  BitwiseNot: unary(ints, 18),
  Gelu: unary(ones, 20),
  Mish: unary(ones, 18),
  Not: unary(bools),
  Shrink: unary(),
  Clip: fc
    .tuple(emptyableShapes(0, 3), fc.boolean(), fc.boolean())
    .map(([shape, low, high]) => ({ inputs: [ones(shape), low ? ones([]) : undefined, high ? ones([]) : undefined] })),
  PRelu: emptyableShapes(1, 4).chain((shape) =>
    fc.constantFrom(...[[], [1], shape.slice(-1), shape].map((slope) => ({ inputs: [ones(shape), ones(slope)] }))),
  ),

  ...Object.fromEntries(
    "Add Div Mul Pow Sub Equal Greater GreaterOrEqual Less LessOrEqual".split(" ").map((op) => [op, binary()]),
  ),
  ...Object.fromEntries("And Or Xor".split(" ").map((op) => [op, binary(bools)])),
  ...Object.fromEntries("Max Mean Min Sum".split(" ").map((op) => [op, variadic])),
  Mod: binary(ints),
  ...Object.fromEntries("BitwiseAnd BitwiseOr BitwiseXor".split(" ").map((op) => [op, binary(ints, 18)])),
  BitShift: broadcastable(2).map((shapes) => ({
    inputs: shapes.map((shape) => zeros("uint32", shape)),
    attributes: { direction: "LEFT" },
  })),
  CastLike: fc
    .tuple(emptyableShapes(0, 3), fc.constantFrom<Tensor>(ones([2]), ints([2]), bools([2])))
    .map(([shape, target]) => ({ inputs: [ones(shape), target] })),
  Where: broadcastable(3).map(([a, b, c]) => ({ inputs: [bools(a!), ones(b!), ones(c!)] })),
  Cast: fc
    .tuple(emptyableShapes(0, 3), fc.constantFrom(...CASTABLE))
    .map(([shape, dtype]) => ({ inputs: [ones(shape)], attributes: { to: PROTO_TYPE_OF[dtype] } })),
};
