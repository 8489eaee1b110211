import { type Attributes, float32 } from "@glyphcast/onnx";
import type { Call } from "../rule.ts";
import { type Cell, gatesInOrder, resetsAfter } from "./cells.ts";
import { type Run, type Start, stepsFirst } from "./run.ts";

/** The activations that ONNX's recurrent operators know, with what they need. */
const ACTIVATIONS: Readonly<Record<string, { name: string; alpha?: number; beta?: number }>> = {
  elu: { name: "Elu", alpha: 1 },
  hard_sigmoid: { name: "HardSigmoid", alpha: 0.2, beta: 0.5 },
  linear: { name: "Affine", alpha: 1, beta: 0 },
  relu: { name: "Relu" },
  sigmoid: { name: "Sigmoid" },
  softplus: { name: "Softplus" },
  softsign: { name: "Softsign" },
  tanh: { name: "Tanh" },
};

const DEFAULTS = { LSTM: "sigmoid,tanh,tanh", GRU: "sigmoid,tanh", RNN: "tanh" } as const;

/** Whether one of ONNX's operators does what the cell and its mask ask for: any mask but one of the last steps is too much. */
export const hasOperator = (call: Call, cell: Cell, { mask }: Start): boolean =>
  mask === undefined && cell.activations(call).every((name) => name in ACTIVATIONS);

/** A cell as LSTM, GRU or RNN. */
export function runOperator(call: Call, cell: Cell, { x, initial, backwards }: Start): Run {
  const { config, g } = call;
  const units = config.count("units");
  const steps = call.arrange(x, stepsFirst(3));
  const rows = cell.gates.length * units;
  const matrix = (key: string, columns: number): string =>
    call.weight(key, [columns, rows], () => [
      { kind: "transpose", perm: [1, 0] },
      ...gatesInOrder(cell.gates, units),
      { kind: "reshape", shape: [1, rows, columns] },
    ]);
  const states = initial.map((state) => call.op("Unsqueeze", [call.plain(state).name, g.ints([0])]));
  const inputs = [
    steps.name,
    matrix("kernel", call.extent(x, 2)),
    matrix("recurrent_kernel", units),
    biases(call, cell),
    "",
    ...states,
  ];
  while (inputs.at(-1) === "") inputs.pop();

  const attributes: Attributes = {
    hidden_size: units,
    ...(backwards && { direction: "reverse" }),
    ...activationsOf(call, cell),
    ...(cell.operator === "GRU" && resetsAfter(call) && { linear_before_reset: 1 }),
  };
  const [y, ...last] = g.ops(
    cell.operator,
    inputs,
    attributes,
    { name: call.nodeName(cell.operator) },
    1 + cell.states,
  );
  return {
    sequence: { name: call.op("Squeeze", [y!, g.ints([1])]), perm: stepsFirst(3) },
    states: last.map((state) => ({ name: call.op("Squeeze", [state, g.ints([0])]), perm: [0, 1] })),
  };
}

/** ONNX's biases are those of the input, then those of the state, of which TF.js has none but with resetAfter. */
function biases(call: Call, cell: Cell): string {
  if (!call.config.flag("use_bias", true)) return "";
  const width = cell.gates.length * call.config.count("units");
  if (cell.operator === "GRU" && resetsAfter(call))
    return call.weight("bias", [2, width], () => [{ kind: "reshape", shape: [1, 2 * width] }]);
  const units = call.config.count("units");
  const ofInput = call.weight("bias", [width], () => [
    ...gatesInOrder(cell.gates, units),
    { kind: "reshape", shape: [1, width] },
  ]);
  if (call.training) {
    const none = call.constant("no_bias", float32([1, width], new Float32Array(width)));
    return call.op("Concat", [ofInput, none], { axis: 1 });
  }
  const both = new Float32Array(2 * width);
  both.set(call.g.constant(ofInput)!.data as Float32Array);
  return call.constant("bias", float32([1, 2 * width], both));
}

function activationsOf(call: Call, cell: Cell): Attributes {
  const names = cell.activations(call);
  if (names.join() === DEFAULTS[cell.operator]) return {};
  const functions = names.map((name) => ACTIVATIONS[name]!);
  const alphas = functions.flatMap(({ alpha }) => alpha ?? []);
  const betas = functions.flatMap(({ beta }) => beta ?? []);
  return {
    activations: functions.map(({ name }) => name),
    ...(alphas.length > 0 && { activation_alpha: alphas }),
    ...(betas.length > 0 && { activation_beta: betas }),
  };
}
