import { float32, numbersOf, type Tensor } from "@glyphcast/onnx";
import type { Held } from "../../layout.ts";
import type { OpCall, OpRule, OpRules } from "../op-rule.ts";

/** (x − mean)/√(variance + ε)·scale + offset, over the last axis, whatever `data_format` says, as in TF.js. */
export function normalise(call: OpCall, x: Held, parameters: readonly Held[], epsilon: number): Held {
  const [scale, offset, mean, variance] = parameters;
  if (!scale || !offset || !mean || !variance) return call.fail("It lacks some of scale, offset, mean and variance.");
  const tensors = [scale, offset, mean, variance].map((parameter) => call.tensor(parameter));
  if (tensors.every((tensor): tensor is Tensor => tensor?.dtype === "float32" && tensor.shape.length === 1))
    return scaleAndShift(call, x, tensors, epsilon);
  const binary = (op: string, a: Held, b: Held): Held => {
    const { names, as } = call.align([a, b]);
    return { ...as, name: call.op(op, names) };
  };
  const shifted = call.map(variance, "Add", {}, call.scalar(epsilon));
  const factor = binary("Div", scale, call.map(shifted, "Sqrt"));
  return binary("Add", binary("Mul", binary("Sub", x, mean), factor), offset);
}

/** With constants it is y = factor·x + term, which a convolution before it takes in. */
function scaleAndShift(call: OpCall, x: Held, tensors: readonly Tensor[], epsilon: number): Held {
  const [gamma, beta, mean, variance] = tensors.map(numbersOf) as [number[], number[], number[], number[]];
  const factor = variance.map((value, i) => gamma[i % gamma.length]! / Math.sqrt(value + epsilon));
  const term = factor.map((value, i) => beta[i % beta.length]! - mean[i % mean.length]! * value);
  const held = (key: string, values: readonly number[]): Held => ({
    name: call.initializer(key, float32([values.length], values)),
    perm: [0],
  });
  const scaled = call.align([x, held("scale", factor)]);
  const product = { ...scaled.as, name: call.op("Mul", scaled.names) };
  const { names, as } = call.align([product, held("shift", term)]);
  return { ...as, name: call.op("Add", names) };
}

const FusedBatchNorm: OpRule = {
  becomes: "Mul, Add; folded into the Conv or Gemm before it",
  notes: "over the last axis with the statistics given, as in TF.js",
  outputs: ["y", "batch_mean", "batch_variance"],
  lower: (call) => normalise(call, call.float(0), call.inputs.slice(1, 5), call.attributes.number("epsilon", 1e-3)),
};

const LRN: OpRule = {
  becomes: "LRN",
  lower: (call) => {
    const x = call.channelsSecond(call.input(0, 4), 3);
    const number = (key: string, otherwise: number): number => call.attributes.number(key, otherwise);
    const size = 2 * number("depth_radius", 5) + 1;
    // ONNX divides alpha by the number of channels summed over.
    const attributes = { size, alpha: number("alpha", 1) * size, beta: number("beta", 0.5), bias: number("bias", 1) };
    return call.map(x, "LRN", attributes);
  },
};

/** Over the last axis, wherever it is held. A flattened image in another order has the same softmax in that order. */
const softmax = (op: "LogSoftmax" | "Softmax"): OpRule => ({
  becomes: op,
  lower: (call) => {
    const x = call.float(0);
    const rank = x.perm.length;
    if (rank === 0) return call.fail("Its input is a scalar.");
    const result = call.map(x, op, { axis: x.perm.indexOf(rank - 1) });
    if (op === "Softmax") call.lowering.activated.set(result.name, { by: "softmax", from: x });
    return result;
  },
});

export const NORMALIZATION: OpRules = {
  FusedBatchNorm,
  FusedBatchNormV2: FusedBatchNorm,
  FusedBatchNormV3: FusedBatchNorm,
  LRN,
  LogSoftmax: softmax("LogSoftmax"),
  Softmax: softmax("Softmax"),
};
