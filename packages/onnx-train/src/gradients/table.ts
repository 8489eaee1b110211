import type { Rule } from "../rule.ts";
import { Conv } from "./conv.ts";
import { Dropout } from "./dropout.ts";
import { Add, Div, Exp, Identity, Log, Mul, Neg, Relu, Sigmoid, Sqrt, Sub, Tanh } from "./elementwise.ts";
import { Cast, Flatten, Reshape, Squeeze, Transpose, Unsqueeze } from "./layout.ts";
import { Gemm, MatMul } from "./linear.ts";
import { BatchNormalization } from "./normalisation.ts";
import { MaxPool } from "./pool.ts";

/** The operators that can be trained through. */
export type DifferentiableOp =
  | "Add"
  | "BatchNormalization"
  | "Cast"
  | "Conv"
  | "Div"
  | "Dropout"
  | "Exp"
  | "Flatten"
  | "Gemm"
  | "Identity"
  | "Log"
  | "MatMul"
  | "MaxPool"
  | "Mul"
  | "Neg"
  | "Relu"
  | "Reshape"
  | "Sigmoid"
  | "Sqrt"
  | "Squeeze"
  | "Sub"
  | "Tanh"
  | "Transpose"
  | "Unsqueeze";

/** One rule per operator; an operator without one does not compile. */
const GRADIENTS: { readonly [Op in DifferentiableOp]: Rule } = {
  Add,
  BatchNormalization,
  Cast,
  Conv,
  Div,
  Dropout,
  Exp,
  Flatten,
  Gemm,
  Identity,
  Log,
  MatMul,
  MaxPool,
  Mul,
  Neg,
  Relu,
  Reshape,
  Sigmoid,
  Sqrt,
  Squeeze,
  Sub,
  Tanh,
  Transpose,
  Unsqueeze,
};

export const differentiableOps: readonly DifferentiableOp[] = Object.keys(GRADIENTS) as DifferentiableOp[];

/** The rule of an operator of ONNX's own domain. What a rule saves is known to that rule alone. */
export const gradientOf = (op: string): Rule | undefined =>
  Object.hasOwn(GRADIENTS, op) ? GRADIENTS[op as DifferentiableOp] : undefined;
