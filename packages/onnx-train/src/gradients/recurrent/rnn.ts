import type { Rule } from "../../rule.ts";
import type { Activation } from "./activations.ts";
import { type Cell, product } from "./cell.ts";
import { type Recurrence, recurrent } from "./recurrence.ts";

interface Weights {
  readonly r: string;
  readonly rb: string | undefined;
}

interface Saved {
  readonly h: string;
  readonly next: string;
}

/**
 * h′ = bend(z + h·Rᵀ + Rb)
 *
 * @see Elman 1990, "Finding Structure in Time"
 */
const cell = (bend: Activation): Cell<Weights, Saved> => ({
  gates: 1,
  prepare: (_, r, rb) => ({ r, rb }),
  forward(g, z, [h = ""], { r, rb }) {
    const next = bend.apply(g, g.add(z, product(g, h, r, rb)));
    return { states: [next], saved: { h, next } };
  },
  backward(g, { h, next }, [d = ""], { r }) {
    const dz = bend.through(g, next, d);
    return { dz, products: [{ d: dz, of: h }], states: [g.matmul(dz, r)] };
  },
});

export const RNN: Rule<Recurrence> = recurrent(["Tanh"], (_, [bend]) => cell(bend!));
