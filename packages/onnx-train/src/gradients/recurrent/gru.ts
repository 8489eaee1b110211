import type { Emitter } from "../../emitter.ts";
import type { Rule } from "../../rule.ts";
import type { Activation } from "./activations.ts";
import { type Cell, cut, join, product } from "./cell.ts";
import { type Recurrence, recurrent } from "./recurrence.ts";

interface Saved {
  readonly h: string;
  /** Update and reset side by side. */
  readonly gates: string;
  readonly update: string;
  readonly reset: string;
  readonly candidate: string;
  /** What meets the reset gate's other side: reset·h, or h·Rₕᵀ + Rbₕ where the product comes first. */
  readonly met: string;
}

// h′ = c̃ + u·(h − c̃)
const blend = (g: Emitter, update: string, h: string, candidate: string): string =>
  g.add(candidate, g.mul(update, g.sub(h, candidate)));

/** The gradients of the update gate, of the candidate before its activation, and of h by the direct way. */
function unblend(g: Emitter, enter: Activation, { update, h, candidate }: Saved, d: string) {
  return {
    dUpdate: g.mul(d, g.sub(h, candidate)),
    dCandidate: enter.through(g, candidate, g.mul(d, g.sub(g.floats(1), update))),
    direct: g.mul(d, update),
  };
}

interface Apart {
  readonly gates: { readonly r: string; readonly rb: string | undefined };
  readonly candidate: { readonly r: string; readonly rb: string | undefined };
}

/**
 * u, s = gate(…), c̃ = enter(z + (s·h)·Rₕᵀ + Rbₕ)
 *
 * @see Cho et al. 2014, "Learning Phrase Representations using RNN Encoder–Decoder", §2.3
 */
const resetFirst = (gate: Activation, enter: Activation): Cell<Apart, Saved> => ({
  gates: 3,
  prepare(g, r, rb) {
    const hidden = g.shape(r)[1]!;
    const [gates = "", candidate = ""] = cut(g, r, 0, [2 * hidden, hidden]);
    const [gatesBias, candidateBias] = rb === undefined ? [] : cut(g, rb, 0, [2 * hidden, hidden]);
    return { gates: { r: gates, rb: gatesBias }, candidate: { r: candidate, rb: candidateBias } };
  },
  forward(g, z, [h = ""], weights) {
    const hidden = g.shape(h)[1]!;
    const [zGates = "", zCandidate = ""] = cut(g, z, 1, [2 * hidden, hidden]);
    const gates = gate.apply(g, g.add(zGates, product(g, h, weights.gates.r, weights.gates.rb)));
    const [update = "", reset = ""] = cut(g, gates, 1, [hidden, hidden]);
    const met = g.mul(reset, h);
    const { r, rb } = weights.candidate;
    const candidate = enter.apply(g, g.add(zCandidate, product(g, met, r, rb)));
    return {
      states: [blend(g, update, h, candidate)],
      saved: { h, gates, update, reset, candidate, met },
    };
  },
  backward(g, saved, [d = ""], weights) {
    const { h, gates, reset, met } = saved;
    const { dUpdate, dCandidate, direct } = unblend(g, enter, saved, d);
    const dMet = g.matmul(dCandidate, weights.candidate.r);
    const dGates = gate.through(g, gates, join(g, [dUpdate, g.mul(dMet, h)], 1));
    const dh = g.total([direct, g.mul(dMet, reset), g.matmul(dGates, weights.gates.r)]);
    const products = [
      { d: dGates, of: h },
      { d: dCandidate, of: met },
    ];
    return { dz: join(g, [dGates, dCandidate], 1), products, states: [dh] };
  },
});

/** u, s = gate(…), c̃ = enter(z + s·(h·Rₕᵀ + Rbₕ)): linear_before_reset, the form of cuDNN, PyTorch and Keras. */
const productFirst = (
  gate: Activation,
  enter: Activation,
): Cell<{ readonly r: string; readonly rb: string | undefined }, Saved> => ({
  gates: 3,
  prepare: (_, r, rb) => ({ r, rb }),
  forward(g, z, [h = ""], { r, rb }) {
    const hidden = g.shape(h)[1]!;
    const [zGates = "", zCandidate = ""] = cut(g, z, 1, [2 * hidden, hidden]);
    const [hGates = "", met = ""] = cut(g, product(g, h, r, rb), 1, [2 * hidden, hidden]);
    const gates = gate.apply(g, g.add(zGates, hGates));
    const [update = "", reset = ""] = cut(g, gates, 1, [hidden, hidden]);
    const candidate = enter.apply(g, g.add(zCandidate, g.mul(reset, met)));
    return {
      states: [blend(g, update, h, candidate)],
      saved: { h, gates, update, reset, candidate, met },
    };
  },
  backward(g, saved, [d = ""], { r }) {
    const { h, gates, reset, met } = saved;
    const { dUpdate, dCandidate, direct } = unblend(g, enter, saved, d);
    const dGates = gate.through(g, gates, join(g, [dUpdate, g.mul(dCandidate, met)], 1));
    const dProduct = join(g, [dGates, g.mul(dCandidate, reset)], 1);
    return {
      dz: join(g, [dGates, dCandidate], 1),
      products: [{ d: dProduct, of: h }],
      states: [g.add(direct, g.matmul(dProduct, r))],
    };
  },
});

export const GRU: Rule<Recurrence> = recurrent(["Sigmoid", "Tanh"], ({ attribute }, [gate, enter]) =>
  attribute("linear_before_reset", 0) === 0 ? resetFirst(gate!, enter!) : productFirst(gate!, enter!),
);
