import { sizeOf } from "@glyphcast/onnx";
import type { Emitter } from "../emitter.ts";
import { type Rule, rule, type Site } from "../rule.ts";
import { reducedAxes } from "./axes.ts";

/** What a reduction's formula works with: `y` and `dy` keep the reduced axes with extent 1, so they broadcast to `x`. */
interface Reduction {
  readonly g: Emitter;
  readonly x: string;
  readonly y: string;
  readonly dy: string;
  readonly axes: readonly number[];
  /** How many elements went into each of the output's. */
  readonly count: number;
}

/** formula: the gradient of the input, or something that broadcasts to it. */
const reduction = (formula: (values: Reduction) => string): Rule<void> =>
  rule((site: Site) => {
    const { g, x, y, dy, shape } = site;
    const axes = reducedAxes(site);
    const kept = shape(0).map((dim, axis) => (axes.includes(axis) ? 1 : dim));
    const count = sizeOf(axes.map((axis) => shape(0)[axis]!));
    const keep = (value: string) => g.reshape(value, kept);
    return [g.expand(formula({ g, x: x(0), y: keep(y(0)), dy: keep(dy(0)), axes, count }), shape(0))];
  });

export const ReduceSum: Rule<void> = reduction(({ dy }) => dy);

export const ReduceMean: Rule<void> = reduction(({ g, dy, count }) => g.scale(dy, 1 / count));

// The gradient goes to the elements that equal the extreme: shared evenly among equals, as PyTorch's amax does it.
const extreme = ({ g, x, y, dy, axes }: Reduction) => {
  const hit = g.indicator(g.op("Equal", [x, y]));
  return g.mul(hit, g.div(dy, g.sum(hit, axes, true)));
};

export const ReduceMax: Rule<void> = reduction(extreme);
export const ReduceMin: Rule<void> = reduction(extreme);

// dxᵢ = dY·∏ⱼ≠ᵢ xⱼ = dY·y/xᵢ; beside one zero only the zero has a gradient, beside more nothing has
export const ReduceProd: Rule<void> = reduction(({ g, x, dy, axes }) => {
  const [zero, one] = [g.floats(0), g.floats(1)];
  const isZero = g.op("Equal", [x, zero]);
  const zeros = g.sum(g.indicator(isZero), axes, true);
  const nonZero = g.where(isZero, one, x);
  const product = g.mul(dy, g.reduce("ReduceProd", nonZero, axes, true));
  const atZero = g.where(g.op("Equal", [zeros, one]), product, zero);
  const elsewhere = g.where(g.op("Equal", [zeros, zero]), g.div(product, nonZero), zero);
  return g.where(isZero, atZero, elsewhere);
});

// d Σ|x| = dY·sign(x), 0 at 0
export const ReduceL1: Rule<void> = reduction(({ g, x, dy }) => g.mul(dy, g.op("Sign", [x])));

// d √Σx² = dY·x/y, 0 where y = 0
export const ReduceL2: Rule<void> = reduction(({ g, x, y, dy }) => {
  const flat = g.op("Equal", [y, g.floats(0)]);
  return g.mul(x, g.where(flat, g.floats(0), g.div(dy, y)));
});

export const ReduceSumSquare: Rule<void> = reduction(({ g, x, dy }) => g.mul(g.scale(x, 2), dy));

// d ln Σx = dY/Σx
export const ReduceLogSum: Rule<void> = reduction(({ g, x, dy, axes }) => g.div(dy, g.sum(x, axes, true)));

// d ln Σeˣ = dY·eˣ⁻ʸ
export const ReduceLogSumExp: Rule<void> = reduction(({ g, x, y, dy }) => g.mul(dy, g.op("Exp", [g.sub(x, y)])));

// A sum that runs the other way
export const CumSum: Rule<void> = rule(({ g, x, dy, attribute }) => [
  g.op("CumSum", [dy(0), x(1)], { exclusive: attribute("exclusive", 0), reverse: 1 - attribute("reverse", 0) }),
]);
