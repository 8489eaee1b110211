import type { Emitter } from "../emitter.ts";
import type { Form } from "../form.ts";
import type { Rule } from "../rule.ts";
import { type Formula, pointwise } from "./pointwise.ts";

const isPositive = ({ g }: Formula, value: string): string => g.op("Greater", [value, g.floats(0)]);

/** Times the smallest normal number this is 1. */
const STEEP = 2 ** 126;

// dY where the output left the flat part, else 0: the product with a step, which onnxruntime does in a third of the time
// of Where. The step is a HardSigmoid on whose slope only subnormal outputs stand.
export const Relu: Rule<Form> = pointwise(({ g, y, dy }) => [
  g.mul(dy, g.op("HardSigmoid", [y], { alpha: STEEP, beta: 0 })),
]);

export const LeakyRelu: Rule<Form> = pointwise((of) => {
  const { g, x, dy, attribute } = of;
  const alpha = attribute("alpha", 0.01);
  return [g.where(isPositive(of, x), dy, g.scale(dy, alpha))];
});

// y = x where x > α, else 0
export const ThresholdedRelu: Rule<Form> = pointwise(({ g, x, dy, attribute }) => [
  g.where(g.op("Greater", [x, g.floats(attribute("alpha", 1))]), dy, g.floats(0)),
]);

// y = x where x > 0, else b·x
export const PRelu: Rule<Form> = pointwise((of) => {
  const { g, x, b, dy } = of;
  const positive = isPositive(of, x);
  return [g.where(positive, dy, g.mul(dy, b)), g.where(positive, g.floats(0), g.mul(dy, x))];
});

// y = α·(eˣ − 1) where x ≤ 0, so that dy/dx = y + α there
export const Elu: Rule<Form> = pointwise((of) => {
  const { g, x, y, dy, attribute } = of;
  const alpha = attribute("alpha", 1);
  return [g.where(isPositive(of, x), dy, g.mul(dy, g.add(y, g.floats(alpha))))];
});

// y = γ·x where x > 0, else γ·α·(eˣ − 1)
export const Selu: Rule<Form> = pointwise((of) => {
  const { g, x, y, dy, attribute } = of;
  const [alpha, gamma] = [attribute("alpha", 1.6732632423543772), attribute("gamma", 1.0507009873554805)];
  return [g.where(isPositive(of, x), g.scale(dy, gamma), g.mul(dy, g.add(y, g.floats(alpha * gamma))))];
});

// y = α·(eˣᐟᵅ − 1) where x ≤ 0, so that dy/dx = y/α + 1 there
export const Celu: Rule<Form> = pointwise((of) => {
  const { g, x, y, dy, attribute } = of;
  const alpha = attribute("alpha", 1);
  return [g.where(isPositive(of, x), dy, g.mul(dy, g.add(g.scale(y, 1 / alpha), g.floats(1))))];
});

// dσ = dY·y·(1 − y)
export const throughSigmoid = (g: Emitter, y: string, dy: string): string => g.mul(dy, g.mul(y, g.sub(g.floats(1), y)));

// d tanh = dY·(1 − y²)
export const throughTanh = (g: Emitter, y: string, dy: string): string => g.mul(dy, g.sub(g.floats(1), g.square(y)));

export const Sigmoid: Rule<Form> = pointwise(({ g, y, dy }) => [throughSigmoid(g, y, dy)]);
export const Tanh: Rule<Form> = pointwise(({ g, y, dy }) => [throughTanh(g, y, dy)]);

// d ln(1 + eˣ) = dY·σ(x)
export const Softplus: Rule<Form> = pointwise(({ g, x, dy }) => [g.mul(dy, g.op("Sigmoid", [x]))]);

// d x/(1 + |x|) = dY/(1 + |x|)²
export const Softsign: Rule<Form> = pointwise(({ g, x, dy }) => [
  g.div(dy, g.square(g.add(g.floats(1), g.op("Abs", [x])))),
]);

// y = α·x + β within (0, 1)
export const HardSigmoid: Rule<Form> = pointwise(({ g, y, dy, attribute }) => {
  const alpha = attribute("alpha", 0.2);
  const inside = g.op("And", [g.op("Greater", [y, g.floats(0)]), g.op("Less", [y, g.floats(1)])]);
  return [g.where(inside, g.scale(dy, alpha), g.floats(0))];
});

// y = x·(x/6 + ½) within [−3, 3], so that dy/dx = x/3 + ½ there; 0 to the left and x to the right
export const HardSwish: Rule<Form> = pointwise(({ g, x, dy }) => {
  const inside = g.mul(dy, g.add(g.scale(x, 1 / 3), g.floats(0.5)));
  const notAbove = g.where(g.op("Less", [x, g.floats(-3)]), g.floats(0), inside);
  return [g.where(g.op("Greater", [x, g.floats(3)]), dy, notAbove)];
});

/**
 * @see Hendrycks and Gimpel 2016, "Gaussian Error Linear Units", §2
 */
export const Gelu: Rule<Form> = pointwise(({ g, x, dy, attribute }) => {
  const [half, one] = [g.floats(0.5), g.floats(1)];
  if (attribute("approximate", "none") === "tanh") {
    // t = tanh(u), u = √(2/π)·(x + 0.044715·x³):  dy/dx = ½·(1 + t) + ½·x·(1 − t²)·du/dx
    const cubic = g.scale(g.square(x), 0.044715);
    const root = Math.sqrt(2 / Math.PI);
    const t = g.op("Tanh", [g.scale(g.mul(x, g.add(one, cubic)), root)]);
    const du = g.scale(g.add(one, g.scale(cubic, 3)), root);
    const bend = g.mul(g.mul(x, g.sub(one, g.square(t))), du);
    return [g.mul(dy, g.mul(half, g.add(g.add(one, t), bend)))];
  }
  // y = x·Φ(x):  dy/dx = Φ(x) + x·φ(x)
  const cdf = g.mul(half, g.add(one, g.op("Erf", [g.scale(x, Math.SQRT1_2)])));
  const density = g.scale(g.op("Exp", [g.scale(g.square(x), -0.5)]), 1 / Math.sqrt(2 * Math.PI));
  return [g.mul(dy, g.add(cdf, g.mul(x, density)))];
});

// y = x·t, t = tanh(ln(1 + eˣ)):  dy/dx = t + x·σ(x)·(1 − t²)
export const Mish: Rule<Form> = pointwise(({ g, x, dy }) => {
  const t = g.op("Tanh", [g.op("Softplus", [x])]);
  const bend = g.mul(g.mul(x, g.op("Sigmoid", [x])), g.sub(g.floats(1), g.square(t)));
  return [g.mul(dy, g.add(t, bend))];
});
