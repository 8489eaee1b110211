import type { Form } from "../form.ts";
import type { Rule } from "../rule.ts";
import { pointwise } from "./pointwise.ts";

export const Add: Rule<Form> = pointwise(({ dy }) => [dy, dy]);

export const Sum: Rule<Form> = pointwise(({ inputs, dy }) => inputs.map(() => dy));

export const Mean: Rule<Form> = pointwise(({ g, inputs, dy }) => {
  const share = g.scale(dy, 1 / inputs.length);
  return inputs.map(() => share);
});

export const Sub: Rule<Form> = pointwise(({ g, dy }) => [dy, g.neg(dy)]);

export const Mul: Rule<Form> = pointwise(({ g, x, b, dy }) => [g.mul(dy, b), g.mul(dy, x)]);

// d(x/b) = dY/b,  −dY·y/b
export const Div: Rule<Form> = pointwise(({ g, b, y, dy }) => {
  const dx = g.div(dy, b);
  return [dx, g.neg(g.mul(dx, y))];
});

// dx = dY·b·xᵇ⁻¹, and 0 rather than 0·∞ where b = 0;  db = dY·y·ln x, and 0 rather than 0·−∞ where x = 0 and b ≥ 0
export const Pow: Rule<Form> = pointwise(({ g, x, b, y, dy }) => {
  const exponent = g.cast(b, "float32");
  const [zero, one] = [g.floats(0), g.floats(1)];
  const constant = g.constant(b)?.data;
  if (constant?.length === 1 && Number(constant[0]) === 2) return [g.mul(dy, g.scale(x, 2))];
  const slope = g.mul(exponent, g.op("Pow", [x, g.sub(exponent, one)]));
  const flat = g.op("Equal", [exponent, zero]);
  const atZero = g.op("And", [g.op("Equal", [x, zero]), g.op("GreaterOrEqual", [exponent, zero])]);
  const growth = g.where(atZero, zero, g.mul(y, g.op("Log", [x])));
  return [g.mul(dy, g.where(flat, zero, slope)), g.type(b).dtype === "float32" ? g.mul(dy, growth) : undefined];
});

export const Neg: Rule<Form> = pointwise(({ g, dy }) => [g.neg(dy)]);

export const Identity: Rule<Form> = pointwise(({ dy }) => [dy]);

// d|x| = dY·sign(x), 0 at 0
export const Abs: Rule<Form> = pointwise(({ g, x, dy }) => [g.mul(dy, g.op("Sign", [x]))]);

// d√x = dY / (2·√x)
export const Sqrt: Rule<Form> = pointwise(({ g, y, dy }) => [g.div(g.scale(dy, 0.5), y)]);

// d(1/x) = −dY·y²
export const Reciprocal: Rule<Form> = pointwise(({ g, y, dy }) => [g.neg(g.mul(dy, g.square(y)))]);

export const Exp: Rule<Form> = pointwise(({ g, y, dy }) => [g.mul(dy, y)]);

export const Log: Rule<Form> = pointwise(({ g, x, dy }) => [g.div(dy, x)]);

export const Sin: Rule<Form> = pointwise(({ g, x, dy }) => [g.mul(dy, g.op("Cos", [x]))]);

export const Cos: Rule<Form> = pointwise(({ g, x, dy }) => [g.neg(g.mul(dy, g.op("Sin", [x])))]);

// d erf = dY·2/√π·exp(−x²)
export const Erf: Rule<Form> = pointwise(({ g, x, dy }) => [
  g.mul(dy, g.scale(g.op("Exp", [g.neg(g.square(x))]), 2 / Math.sqrt(Math.PI))),
]);
