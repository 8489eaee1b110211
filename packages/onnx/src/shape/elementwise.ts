import { broadcastShapes } from "./broadcast.ts";
import { likeFirst, type NodeView, type ShapeRule, typed } from "./rule.ts";

const inputShapes = (node: NodeView) => node.node.inputs.map((_, index) => node.shape(index));

const broadcast: ShapeRule = (node) => {
  const dtype = node.type(0)?.dtype;
  return [dtype && typed(dtype, broadcastShapes(node, inputShapes(node)))];
};

const predicate: ShapeRule = (node) => [typed("bool", broadcastShapes(node, inputShapes(node)))];

const unaryPredicate: ShapeRule = (node) => [typed("bool", node.shape(0))];

export const ELEMENTWISE: Readonly<Record<string, ShapeRule>> = {
  Abs: likeFirst,
  Acos: likeFirst,
  Acosh: likeFirst,
  Asin: likeFirst,
  Asinh: likeFirst,
  Atan: likeFirst,
  Atanh: likeFirst,
  BitwiseNot: likeFirst,
  Ceil: likeFirst,
  Celu: likeFirst,
  Clip: likeFirst,
  Cos: likeFirst,
  Cosh: likeFirst,
  Elu: likeFirst,
  Erf: likeFirst,
  Exp: likeFirst,
  Floor: likeFirst,
  Gelu: likeFirst,
  HardSigmoid: likeFirst,
  HardSwish: likeFirst,
  Identity: likeFirst,
  LeakyRelu: likeFirst,
  Log: likeFirst,
  Mish: likeFirst,
  Neg: likeFirst,
  PRelu: likeFirst,
  Reciprocal: likeFirst,
  Relu: likeFirst,
  Round: likeFirst,
  Selu: likeFirst,
  Shrink: likeFirst,
  Sigmoid: likeFirst,
  Sign: likeFirst,
  Sin: likeFirst,
  Sinh: likeFirst,
  Softplus: likeFirst,
  Softsign: likeFirst,
  Sqrt: likeFirst,
  Tan: likeFirst,
  Tanh: likeFirst,
  ThresholdedRelu: likeFirst,

  Add: broadcast,
  BitShift: broadcast,
  BitwiseAnd: broadcast,
  BitwiseOr: broadcast,
  BitwiseXor: broadcast,
  Div: broadcast,
  Max: broadcast,
  Mean: broadcast,
  Min: broadcast,
  Mod: broadcast,
  Mul: broadcast,
  Pow: broadcast,
  Sub: broadcast,
  Sum: broadcast,

  And: predicate,
  Equal: predicate,
  Greater: predicate,
  GreaterOrEqual: predicate,
  Less: predicate,
  LessOrEqual: predicate,
  Or: predicate,
  Xor: predicate,

  IsInf: unaryPredicate,
  IsNaN: unaryPredicate,
  Not: unaryPredicate,

  Where: (node) => {
    const dtype = node.type(1)?.dtype ?? node.type(2)?.dtype;
    return [dtype && typed(dtype, broadcastShapes(node, inputShapes(node)))];
  },
  CastLike: (node) => {
    const dtype = node.type(1)?.dtype;
    return [dtype && typed(dtype, node.shape(0))];
  },
  Cast: (node) => {
    const dtype = node.dtypeAttribute("to");
    return [dtype && typed(dtype, node.shape(0))];
  },
};
