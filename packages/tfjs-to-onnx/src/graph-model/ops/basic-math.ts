import type { Held } from "../../layout.ts";
import { prelu, relu, relu6 } from "../activation.ts";
import type { OpCall, OpRule, OpRules } from "../op-rule.ts";
import { magnitude } from "./spectral.ts";

/** An ONNX operator of floats. */
const float = (op: string, attributes = {}): OpRule => ({
  becomes: op,
  lower: (call) => call.map(call.float(), op, attributes),
});

/** An ONNX operator of floats and integers. */
const number = (op: string): OpRule => ({
  becomes: op,
  lower: (call) => call.map(call.promoted([call.input()], "int32")[0]!, op),
});

const formula = (becomes: string, compute: (call: OpCall, x: Held) => Held): OpRule => ({
  becomes,
  lower: (call) => compute(call, call.float()),
});

const scaled = (call: OpCall, x: Held, factor: number): Held => call.map(x, "Mul", {}, call.scalar(factor));

const times = (call: OpCall, a: Held, b: Held): Held => call.map(a, "Mul", {}, b.name);

// eˣ − 1 = 2·e^(x/2)·sinh(x/2), which keeps its digits near 0
const Expm1 = formula("Exp, Sinh, Mul", (call, x) => {
  const half = scaled(call, x, 0.5);
  return scaled(call, times(call, call.map(half, "Exp"), call.map(half, "Sinh")), 2);
});

// ln(1 + x) = 2·artanh(x/(2 + x)), which keeps its digits near 0
const Log1p = formula("Log, Atanh, Where", (call, x) => {
  const ratio = call.map(x, "Div", {}, call.map(x, "Add", {}, call.scalar(2)).name);
  const near = scaled(call, call.map(ratio, "Atanh"), 2);
  const far = call.map(call.map(x, "Add", {}, call.scalar(1)), "Log");
  const small = call.map(call.map(x, "Abs"), "Less", {}, call.scalar(0.5));
  return { ...x, name: call.op("Where", [small.name, near.name, far.name]) };
});

const ClipByValue: OpRule = {
  becomes: "Clip",
  lower: (call) => {
    const x = call.promoted([call.input()], "int32")[0]!;
    const bound = (place: number): string => {
      const known = call.known(place);
      if (known?.length === 1) return call.scalar(known[0]!, call.dtype(x));
      const given = call.plain(call.input(place));
      const one = call.cast(given, call.dtype(x)).name;
      return given.perm.length === 0 ? one : call.op("Reshape", [one, call.g.ints([])]);
    };
    return call.map(x, "Clip", {}, bound(1), bound(2));
  },
};

/** The angle of the point (x, y), by its quadrant. */
const Atan2: OpRule = {
  becomes: "Div, Atan, Where",
  lower: (call) => {
    const inputs = call.promoted([call.input(0), call.input(1)], "float32") as [Held, Held];
    const { names, as } = call.align(inputs);
    const [y, x] = names as [string, string];
    const zero = call.scalar(0);
    const choose = (condition: string, yes: string, no: string): string => call.op("Where", [condition, yes, no]);
    const below = call.op("Less", [y, zero]);
    const angle = call.op("Atan", [call.op("Div", [y, x])]);
    const turn = choose(below, call.scalar(-Math.PI), call.scalar(Math.PI));
    const left = call.op("Add", [angle, turn]);
    const above = call.op("Greater", [y, zero]);
    const upright = choose(above, call.scalar(Math.PI / 2), choose(below, call.scalar(-Math.PI / 2), zero));
    const notRight = choose(call.op("Less", [x, zero]), left, upright);
    return { ...as, name: choose(call.op("Greater", [x, zero]), angle, notRight) };
  },
};

const IsFinite = formula("IsNaN, IsInf, Or, Not", (call, x) => {
  const bad = call.map(call.map(x, "IsNaN"), "Or", {}, call.map(x, "IsInf").name);
  return call.map(bad, "Not");
});

const Square: OpRule = {
  becomes: "Mul",
  lower: (call) => {
    const [x] = call.promoted([call.input()], "int32") as [Held];
    return times(call, x, x);
  },
};

export const BASIC_MATH: OpRules = {
  Abs: {
    becomes: "Abs",
    complex: true,
    lower: (call) => {
      const [x] = call.promoted([call.input()], "int32") as [Held];
      return call.lowering.complex.has(x.name) ? magnitude(call, x) : call.map(x, "Abs");
    },
  },
  Acos: float("Acos"),
  Acosh: float("Acosh"),
  Asin: float("Asin"),
  Asinh: float("Asinh"),
  Atan: float("Atan"),
  Atan2,
  Atanh: float("Atanh"),
  Ceil: float("Ceil"),
  ClipByValue,
  Cos: float("Cos"),
  Cosh: float("Cosh"),
  Elu: float("Elu"),
  Erf: float("Erf"),
  Exp: float("Exp"),
  Expm1,
  Floor: float("Floor"),
  IsFinite,
  IsInf: float("IsInf"),
  IsNan: float("IsNaN"),
  LeakyRelu: {
    becomes: "LeakyRelu",
    lower: (call) => call.map(call.float(), "LeakyRelu", { alpha: call.attributes.number("alpha", 0.2) }),
  },
  Log: float("Log"),
  Log1p,
  Neg: number("Neg"),
  Prelu: { becomes: "PRelu", lower: (call) => prelu(call, call.input(0), call.input(1)) },
  Reciprocal: float("Reciprocal"),
  Relu: { becomes: "Relu", lower: (call) => relu(call, call.promoted([call.input()], "int32")[0]!) },
  Relu6: { becomes: "Clip", lower: (call) => relu6(call, call.promoted([call.input()], "int32")[0]!) },
  Round: float("Round"),
  Rsqrt: formula("Sqrt, Reciprocal", (call, x) => call.map(call.map(x, "Sqrt"), "Reciprocal")),
  Selu: float("Selu"),
  Sigmoid: formula("Sigmoid", (call, x) => {
    const result = call.map(x, "Sigmoid");
    call.lowering.activated.set(result.name, { by: "sigmoid", from: x });
    return result;
  }),
  Sign: number("Sign"),
  Sin: float("Sin"),
  Sinh: float("Sinh"),
  Softplus: float("Softplus"),
  Sqrt: float("Sqrt"),
  Square,
  Tan: float("Tan"),
  Tanh: float("Tanh"),
};
