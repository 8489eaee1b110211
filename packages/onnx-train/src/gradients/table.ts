import type { Rule } from "../rule.ts";
import {
  Celu,
  Elu,
  Gelu,
  HardSigmoid,
  HardSwish,
  LeakyRelu,
  Mish,
  PRelu,
  Relu,
  Selu,
  Sigmoid,
  Softplus,
  Softsign,
  Tanh,
  ThresholdedRelu,
} from "./activation.ts";
import { BatchNormalization } from "./batch-normalisation.ts";
import { DepthToSpace, SpaceToDepth } from "./blocks.ts";
import { Concat, Split } from "./concat.ts";
import { Conv, ConvTranspose } from "./conv.ts";
import { Dropout } from "./dropout.ts";
import { Einsum } from "./einsum.ts";
import {
  Abs,
  Add,
  Cos,
  Div,
  Erf,
  Exp,
  Identity,
  Log,
  Mean,
  Mul,
  Neg,
  Pow,
  Reciprocal,
  Sin,
  Sqrt,
  Sub,
  Sum,
} from "./elementwise.ts";
import { Gather, GatherElements, GatherND } from "./gather.ts";
import { GlobalAveragePool, GlobalMaxPool } from "./global-pool.ts";
import { GroupNormalization, InstanceNormalization, LayerNormalization } from "./layer-normalisation.ts";
import { Cast, Flatten, Reshape, Squeeze, Transpose, Trilu, Unsqueeze } from "./layout.ts";
import { Gemm, MatMul } from "./linear.ts";
import { LRN } from "./local-response.ts";
import { Pad } from "./pad.ts";
import { AveragePool, MaxPool } from "./pool.ts";
import { GRU } from "./recurrent/gru.ts";
import { LSTM } from "./recurrent/lstm.ts";
import { RNN } from "./recurrent/rnn.ts";
import {
  CumSum,
  ReduceL1,
  ReduceL2,
  ReduceLogSum,
  ReduceLogSumExp,
  ReduceMax,
  ReduceMean,
  ReduceMin,
  ReduceProd,
  ReduceSum,
  ReduceSumSquare,
} from "./reduction.ts";
import { Expand, Tile } from "./repeat.ts";
import { Resize } from "./resize.ts";
import { ScatterElements, ScatterND, TopK } from "./scatter.ts";
import { Clip, Max, Min, Where } from "./selection.ts";
import { Slice } from "./slice.ts";
import { LogSoftmax, Softmax } from "./softmax.ts";

/** The operators that can be trained through. */
export type DifferentiableOp =
  | "Abs"
  | "Add"
  | "AveragePool"
  | "BatchNormalization"
  | "Cast"
  | "Celu"
  | "Clip"
  | "Concat"
  | "Conv"
  | "ConvTranspose"
  | "Cos"
  | "CumSum"
  | "DepthToSpace"
  | "Div"
  | "Dropout"
  | "Einsum"
  | "Elu"
  | "Erf"
  | "Exp"
  | "Expand"
  | "Flatten"
  | "GRU"
  | "Gather"
  | "GatherElements"
  | "GatherND"
  | "Gelu"
  | "Gemm"
  | "GlobalAveragePool"
  | "GlobalMaxPool"
  | "GroupNormalization"
  | "HardSigmoid"
  | "HardSwish"
  | "Identity"
  | "InstanceNormalization"
  | "LRN"
  | "LSTM"
  | "LayerNormalization"
  | "LeakyRelu"
  | "Log"
  | "LogSoftmax"
  | "MatMul"
  | "Max"
  | "MaxPool"
  | "Mean"
  | "Min"
  | "Mish"
  | "Mul"
  | "Neg"
  | "PRelu"
  | "Pad"
  | "Pow"
  | "RNN"
  | "Reciprocal"
  | "ReduceL1"
  | "ReduceL2"
  | "ReduceLogSum"
  | "ReduceLogSumExp"
  | "ReduceMax"
  | "ReduceMean"
  | "ReduceMin"
  | "ReduceProd"
  | "ReduceSum"
  | "ReduceSumSquare"
  | "Relu"
  | "Reshape"
  | "Resize"
  | "ScatterElements"
  | "ScatterND"
  | "Selu"
  | "Sigmoid"
  | "Sin"
  | "Slice"
  | "Softmax"
  | "Softplus"
  | "Softsign"
  | "SpaceToDepth"
  | "Split"
  | "Sqrt"
  | "Squeeze"
  | "Sub"
  | "Sum"
  | "Tanh"
  | "ThresholdedRelu"
  | "Tile"
  | "TopK"
  | "Transpose"
  | "Trilu"
  | "Unsqueeze"
  | "Where";

/** One rule per operator; an operator without one does not compile. */
const GRADIENTS: { readonly [Op in DifferentiableOp]: Rule } = {
  Abs,
  Add,
  AveragePool,
  BatchNormalization,
  Cast,
  Celu,
  Clip,
  Concat,
  Conv,
  ConvTranspose,
  Cos,
  CumSum,
  DepthToSpace,
  Div,
  Dropout,
  Einsum,
  Elu,
  Erf,
  Exp,
  Expand,
  Flatten,
  GRU,
  Gather,
  GatherElements,
  GatherND,
  Gelu,
  Gemm,
  GlobalAveragePool,
  GlobalMaxPool,
  GroupNormalization,
  HardSigmoid,
  HardSwish,
  Identity,
  InstanceNormalization,
  LRN,
  LSTM,
  LayerNormalization,
  LeakyRelu,
  Log,
  LogSoftmax,
  MatMul,
  Max,
  MaxPool,
  Mean,
  Min,
  Mish,
  Mul,
  Neg,
  PRelu,
  Pad,
  Pow,
  RNN,
  Reciprocal,
  ReduceL1,
  ReduceL2,
  ReduceLogSum,
  ReduceLogSumExp,
  ReduceMax,
  ReduceMean,
  ReduceMin,
  ReduceProd,
  ReduceSum,
  ReduceSumSquare,
  Relu,
  Reshape,
  Resize,
  ScatterElements,
  ScatterND,
  Selu,
  Sigmoid,
  Sin,
  Slice,
  Softmax,
  Softplus,
  Softsign,
  SpaceToDepth,
  Split,
  Sqrt,
  Squeeze,
  Sub,
  Sum,
  Tanh,
  ThresholdedRelu,
  Tile,
  TopK,
  Transpose,
  Trilu,
  Unsqueeze,
  Where,
};

export const differentiableOps: readonly DifferentiableOp[] = Object.keys(GRADIENTS) as DifferentiableOp[];

/** The rule of an operator of ONNX's own domain. What a rule saves is known to that rule alone. */
export const gradientOf = (op: string): Rule | undefined =>
  Object.hasOwn(GRADIENTS, op) ? GRADIENTS[op as DifferentiableOp] : undefined;
