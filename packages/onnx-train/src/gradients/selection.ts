import type { Form } from "../form.ts";
import type { Rule } from "../rule.ts";
import { type Formula, pointwise } from "./pointwise.ts";

// The gradient goes to the inputs that equal the output: shared evenly among equals, as PyTorch does it.
const extreme = ({ g, inputs, y, dy }: Formula) => {
  if (inputs.length === 1) return [dy];
  const hits = inputs.map((input) => g.indicator(g.op("Equal", [input, y])));
  const share = g.div(dy, g.total(hits));
  return hits.map((hit) => g.mul(share, hit));
};

export const Max: Rule<Form> = pointwise(extreme);
export const Min: Rule<Form> = pointwise(extreme);

export const Where: Rule<Form> = pointwise(({ g, x: condition, dy }) => [
  undefined,
  g.where(condition, dy, g.floats(0)),
  g.where(condition, g.floats(0), dy),
]);

// Inside the bounds, and on them, the input gets the gradient; outside, the bound that was hit.
export const Clip: Rule<Form> = pointwise(({ g, inputs: [x = "", low, high], dy }) => {
  const zero = g.floats(0);
  const below = low && g.op("Less", [x, low]);
  const above = high && g.op("Greater", [x, high]);
  const notBelow = below ? g.where(below, zero, dy) : dy;
  return [
    above ? g.where(above, zero, notBelow) : notBelow,
    below && g.where(below, dy, zero),
    above && g.where(above, dy, zero),
  ];
});
