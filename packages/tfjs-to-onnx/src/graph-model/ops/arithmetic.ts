import { type Dim, float32, numbersOf } from "@glyphcast/onnx";
import type { Held } from "../../layout.ts";
import { isNumber, type OpCall, type OpRule, type OpRules } from "../op-rule.ts";

/** Two inputs of one type, held alike. */
export function binary(call: OpCall, op: string, operands: readonly Held[], attributes = {}): Held {
  const { names, as } = call.align(operands);
  return { ...as, name: call.op(op, names, attributes) };
}

type Compute = (a: number, b: number) => number;

/** What is computed of extents is known where they are. */
function knowing(call: OpCall, result: Held, compute: Compute, neutral?: number): Held {
  if (call.dtype(result) !== "int32" || result.perm.length > 1) return result;
  const [a, b] = [call.elements(0), call.elements(1)];
  if (!a || !b) return result;
  const length = Math.max(a.length, b.length);
  const elements = Array.from({ length }, (_, i): Dim | undefined => {
    const [left, right] = [a[a.length === 1 ? 0 : i]!, b[b.length === 1 ? 0 : i]!];
    if (isNumber(left) && isNumber(right)) return compute(left, right);
    return right === neutral ? left : undefined;
  });
  return elements.every((element) => element !== undefined) ? call.lowering.know(result, elements) : result;
}

const operands = (call: OpCall): readonly Held[] => call.promoted([call.input(0), call.input(1)], "int32");

const simple = (op: string, compute: Compute, neutral?: number): OpRule => ({
  becomes: op,
  lower: (call) => knowing(call, binary(call, op, operands(call)), compute, neutral),
});

/** A float constant other than 0, changed: what is subtracted is better added, and what is divided by multiplied. */
function changed(call: OpCall, x: Held, change: (value: number) => number): Held | undefined {
  const tensor = call.tensor(x);
  if (tensor?.dtype !== "float32") return undefined;
  const values = numbersOf(tensor).map(change);
  if (!values.every((value) => Number.isFinite(value) && Math.abs(value) > 1e-30)) return undefined;
  return { ...x, name: call.initializer("changed", float32(tensor.shape, values)) };
}

const Sub: OpRule = {
  becomes: "Sub, or Add of the negative constant",
  lower: (call) => {
    const [a, b] = operands(call) as [Held, Held];
    const negative = changed(call, b, (value) => -value);
    if (negative) return binary(call, "Add", [a, negative]);
    return knowing(call, binary(call, "Sub", [a, b]), (left, right) => left - right, 0);
  },
};

/** Integers are divided as Python's // does. */
function floorDiv(call: OpCall, [a, b]: readonly [Held, Held]): Held {
  const whole = binary(call, "Sub", [a, binary(call, "Mod", [a, b])]);
  return knowing(call, binary(call, "Div", [whole, b]), (left, right) => Math.floor(left / right), 1);
}

const RealDiv: OpRule = {
  becomes: "Div, or Mul by the constant's reciprocal; integers as FloorDiv",
  lower: (call) => {
    const [a, b] = operands(call) as [Held, Held];
    if (call.dtype(a) !== "float32") return floorDiv(call, [a, b]);
    const reciprocal = changed(call, b, (value) => 1 / value);
    return reciprocal ? binary(call, "Mul", [a, reciprocal]) : binary(call, "Div", [a, b]);
  },
};

const FloorDiv: OpRule = {
  becomes: "Mod, Sub, Div; Div, Floor, Cast of floats",
  lower: (call) => {
    const [a, b] = operands(call) as [Held, Held];
    if (call.dtype(a) !== "float32") return floorDiv(call, [a, b]);
    return call.cast(call.map(binary(call, "Div", [a, b]), "Floor"), "int32");
  },
};

const DivNoNan: OpRule = {
  becomes: "Equal, Div, Where",
  lower: (call) => {
    const [a, b] = call.promoted([call.input(0), call.input(1)], "float32") as [Held, Held];
    const isZero = binary(call, "Equal", [b, { name: call.scalar(0), perm: [] }]);
    const { names, as } = call.align([isZero, binary(call, "Div", [a, b])]);
    return { ...as, name: call.op("Where", [names[0]!, call.scalar(0), names[1]!]) };
  },
};

const FloorMod: OpRule = {
  becomes: "Mod",
  lower: (call) => {
    const [a, b] = operands(call) as [Held, Held];
    // ONNX's Mod of floats has the sign of a; TF.js's has that of b.
    const floored = (x: number, y: number): number => x - y * Math.floor(x / y);
    if (call.dtype(a) !== "float32") return knowing(call, binary(call, "Mod", [a, b]), floored);
    const rest = binary(call, "Mod", [a, b], { fmod: 1 });
    return binary(call, "Mod", [binary(call, "Add", [rest, b]), b], { fmod: 1 });
  },
};

const SquaredDifference: OpRule = {
  becomes: "Sub, Mul",
  lower: (call) => {
    const difference = binary(call, "Sub", operands(call));
    return { ...difference, name: call.op("Mul", [difference.name, difference.name]) };
  },
};

const AddN: OpRule = {
  becomes: "Sum",
  lower: (call) => {
    const inputs = call.promoted(call.inputs, "int32");
    if (inputs.length === 1) return inputs[0]!;
    if (call.dtype(call.input()) === "float32") return binary(call, "Sum", inputs);
    return inputs.slice(1).reduce((sum, x) => binary(call, "Add", [sum, x]), inputs[0]!);
  },
};

const Add = simple("Add", (a, b) => a + b, 0);

const Div: OpRule = RealDiv;

export const ARITHMETIC: OpRules = {
  Add,
  AddN,
  AddV2: Add,
  BiasAdd: Add,
  Div,
  DivNoNan,
  FloorDiv,
  FloorMod,
  Maximum: simple("Max", Math.max),
  Minimum: simple("Min", Math.min),
  Mod: FloorMod,
  Mul: simple("Mul", (a, b) => a * b, 1),
  Pow: simple("Pow", (a, b) => Math.trunc(a ** b)),
  RealDiv,
  SquaredDifference,
  Sub,
};
