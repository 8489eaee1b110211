import { float32 } from "@glyphcast/onnx";
import { activate, activationOf } from "../../activations.ts";
import type { Relayout } from "../../origin.ts";
import type { Call } from "../rule.ts";

/** The recurrent cells, each as one of ONNX's operators and as the nodes of a single step. */
export interface Cell {
  readonly operator: "LSTM" | "GRU" | "RNN";
  readonly states: 1 | 2;
  /** The gates of TF.js's kernels in the order of ONNX's. */
  readonly gates: readonly number[];
  /** The activations as the operator lists them. */
  activations(call: Call): readonly string[];
  /** The states after a step, from x [batch, features] and the states [batch, units] before it. */
  step(call: Call, x: string, states: readonly string[]): readonly string[];
}

const recurrentActivation = (call: Call): string => activationOf(call, "recurrent_activation", "hard_sigmoid");
const activation = (call: Call): string => activationOf(call, "activation", "tanh");

const apply = (call: Call, x: string, name: string): string => activate(call, { name: x, perm: [0, 1] }, name).name;

const add = (call: Call, a: string, b: string): string => call.op("Add", [a, b]);
const multiply = (call: Call, a: string, b: string): string => call.op("Mul", [a, b]);

const SimpleRNNCell: Cell = {
  operator: "RNN",
  states: 1,
  gates: [0],
  activations: (call) => [activation(call)],
  // h' = f(x·W + h·R + b)
  step: (call, x, [h]) => [apply(call, add(call, fromInput(call, x, 1), fromState(call, h!, 1)), activation(call))],
};

const LSTMCell: Cell = {
  operator: "LSTM",
  states: 2,
  gates: [0, 3, 1, 2],
  activations: (call) => [recurrentActivation(call), activation(call), activation(call)],
  // c' = f·c + i·g, h' = o·tanh(c')
  step: (call, x, [h, c]) => {
    const z = add(call, fromInput(call, x, 4), fromState(call, h!, 4));
    const [i, f, g, o] = split(call, z, 4);
    const gate = (value: string): string => apply(call, value, recurrentActivation(call));
    const kept = multiply(call, gate(f!), c!);
    const carry = add(call, kept, multiply(call, gate(i!), apply(call, g!, activation(call))));
    return [multiply(call, gate(o!), apply(call, carry, activation(call))), carry];
  },
};

const GRUCell: Cell = {
  operator: "GRU",
  states: 1,
  gates: [0, 1, 2],
  activations: (call) => [recurrentActivation(call), activation(call)],
  // h' = z·h + (1 − z)·g, where r takes part in g before the product with R, or after it with resetAfter
  step: (call, x, [h]) => {
    const [xz, xr, xg] = split(call, fromInput(call, x, 3), 3);
    const gate = (a: string, b: string): string => apply(call, add(call, a, b), recurrentActivation(call));
    if (resetsAfter(call)) {
      const [hz, hr, hg] = split(call, add(call, fromState(call, h!, 3), bias(call, 3, 1)!), 3);
      const [z, r] = [gate(xz!, hz!), gate(xr!, hr!)];
      return [mixed(call, z, h!, apply(call, add(call, xg!, multiply(call, r, hg!)), activation(call)))];
    }
    const units = call.config.count("units");
    const [hz, hr] = split(call, call.op("MatMul", [h!, columns(call, 0, 2 * units)]), 2);
    const [z, r] = [gate(xz!, hz!), gate(xr!, hr!)];
    const hg = call.op("MatMul", [multiply(call, r, h!), columns(call, 2 * units, 3 * units)]);
    return [mixed(call, z, h!, apply(call, add(call, xg!, hg), activation(call)))];
  },
};

// z·h + (1 − z)·g
const mixed = (call: Call, z: string, h: string, g: string): string =>
  add(call, multiply(call, z, h), multiply(call, call.op("Sub", [call.g.floats(1), z]), g));

/** The classes that a layer of recurrent cells can be made of. */
export const CELLS: ReadonlyMap<string, Cell> = new Map(Object.entries({ GRUCell, LSTMCell, SimpleRNNCell }));

/** Keras's GRU; TF.js refuses to load it, so only its files know it. */
export const resetsAfter = (call: Call): boolean => call.config.flag("reset_after", false);

const split = (call: Call, value: string, parts: number): readonly string[] => {
  const units = call.config.count("units");
  const sizes = call.g.ints(Array.from({ length: parts }, () => units));
  return call.g.ops("Split", [value, sizes], { axis: 1 }, { name: call.nodeName("Split") }, parts);
};

/** x·W + b */
function fromInput(call: Call, x: string, gates: number): string {
  const features = call.g.dims(x)[1];
  if (typeof features !== "number") return call.fail("The features of its input have to be known.");
  const kernel = call.weight("kernel", [features, gates * call.config.count("units")]);
  const b = bias(call, gates, 0);
  return call.op("Gemm", b === undefined ? [x, kernel] : [x, kernel, b]);
}

/** h·R */
const fromState = (call: Call, h: string, gates: number): string =>
  call.op("MatMul", [h, recurrentKernel(call, gates)]);

const recurrentKernel = (call: Call, gates: number): string => {
  const units = call.config.count("units");
  return call.weight("recurrent_kernel", [units, gates * units]);
};

/** The biases; with resetAfter those of the input, or those of the state. */
function bias(call: Call, gates: number, row: 0 | 1): string | undefined {
  const width = gates * call.config.count("units");
  if (!call.config.flag("use_bias", true))
    return row === 0 ? undefined : call.constant("no_bias", float32([width], new Float32Array(call.sizeOf([width]))));
  if (!resetsAfter(call)) return call.weight("bias", [width]);
  const both = call.g.constant(call.weight("bias", [2, width]))!.data as Float32Array;
  return call.constant(`bias_${row}`, float32([width], both.slice(row * width, (row + 1) * width)));
}

/** Some columns of GRU's recurrent kernel. */
function columns(call: Call, from: number, to: number): string {
  const units = call.config.count("units");
  const whole = call.g.constant(recurrentKernel(call, 3))!.data as Float32Array;
  const part = Float32Array.from({ length: units * (to - from) }, (_, i) => {
    const row = Math.floor(i / (to - from));
    return whole[row * 3 * units + from + (i % (to - from))]!;
  });
  return call.constant("recurrent_kernel", float32([units, to - from], part));
}

/** The step that brings TF.js's gates, one below the other, into ONNX's order. */
export const gatesInOrder = (gates: readonly number[], units: number): readonly Relayout[] =>
  gates.every((gate, i) => gate === i) ? [] : [{ kind: "rows", order: rowsOf(gates, units) }];

const rowsOf = (gates: readonly number[], units: number): Int32Array =>
  Int32Array.from({ length: gates.length * units }, (_, i) => gates[Math.floor(i / units)]! * units + (i % units));
