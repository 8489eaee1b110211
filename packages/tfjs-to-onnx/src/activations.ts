import type { Call } from "./layers/rule.ts";
import type { Held } from "./layout.ts";

type Build = (call: Call, x: string, lastAxis: number) => string;

const unary =
  (op: string, attributes: Readonly<Record<string, number>> = {}): Build =>
  (call, x) =>
    call.op(op, [x], attributes);

const softmax =
  (op: "Softmax" | "LogSoftmax"): Build =>
  (call, x, axis) =>
    call.op(op, [x], { axis });

// x·Φ(x), Φ by the error function.
const gelu: Build = (call, x) => {
  if (call.g.opset >= 20) return call.op("Gelu", [x]);
  const erf = call.op("Erf", [call.op("Mul", [x, call.g.floats(Math.SQRT1_2)])]);
  return call.op("Mul", [call.op("Mul", [x, call.g.floats(0.5)]), call.op("Add", [erf, call.g.floats(1)])]);
};

// ½x·(1 + tanh(√(2/π)·(x + 0.044715·x³)))
const geluNew: Build = (call, x) => {
  if (call.g.opset >= 20) return call.op("Gelu", [x], { approximate: "tanh" });
  const cube = call.op("Mul", [call.op("Mul", [x, x]), x]);
  const sum = call.op("Add", [x, call.op("Mul", [cube, call.g.floats(0.044715)])]);
  const tanh = call.op("Tanh", [call.op("Mul", [sum, call.g.floats(Math.sqrt(2 / Math.PI))])]);
  return call.op("Mul", [call.op("Mul", [x, call.g.floats(0.5)]), call.op("Add", [tanh, call.g.floats(1)])]);
};

const swish: Build = (call, x) => call.op("Mul", [x, call.op("Sigmoid", [x])]);

const mish: Build = (call, x) =>
  call.g.opset >= 18 ? call.op("Mish", [x]) : call.op("Mul", [x, call.op("Tanh", [call.op("Softplus", [x])])]);

/** TF.js's 16 activations, and two more of Keras. */
const ACTIVATIONS: ReadonlyMap<string, Build> = new Map<string, Build>([
  ["elu", unary("Elu")],
  ["exponential", unary("Exp")],
  ["gelu", gelu],
  ["gelu_new", geluNew],
  ["hard_sigmoid", unary("HardSigmoid", { alpha: 0.2, beta: 0.5 })],
  ["linear", (_, x) => x],
  ["log_softmax", softmax("LogSoftmax")],
  ["mish", mish],
  ["relu", unary("Relu")],
  ["relu6", (call, x) => call.op("Clip", [x, call.g.floats(0), call.g.floats(6)])],
  ["selu", unary("Selu")],
  ["sigmoid", unary("Sigmoid")],
  ["silu", swish],
  ["softmax", softmax("Softmax")],
  ["softplus", unary("Softplus")],
  ["softsign", unary("Softsign")],
  ["swish", swish],
  ["tanh", unary("Tanh")],
]);

export const activationNames: readonly string[] = [...ACTIVATIONS.keys()];

/** The name of the activation under `key`, with underscores. */
export function activationOf({ config }: Call, key = "activation", otherwise = "linear"): string {
  const given = config.raw(key) ?? otherwise;
  const name = typeof given === "string" ? given.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) : "";
  return ACTIVATIONS.has(name) ? name : config.unsupported(key, `These are: ${activationNames.join(", ")}.`);
}

/** Applies the layer's `activation`; none is linear. */
export function activate(call: Call, x: Held, name: string = activationOf(call)): Held {
  if (name === "linear") return x;
  const result = ACTIVATIONS.get(name)!(call, x.name, x.perm.indexOf(x.perm.length - 1));
  call.lowering.activated.set(result, { by: name, from: x });
  return { ...x, name: result };
}
