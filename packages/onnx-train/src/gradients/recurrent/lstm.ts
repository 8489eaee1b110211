import type { Rule } from "../../rule.ts";
import type { Activation } from "./activations.ts";
import { type Cell, cut, join, product } from "./cell.ts";
import { type Recurrence, recurrent } from "./recurrence.ts";

interface Weights {
  readonly r: string;
  readonly rb: string | undefined;
}

interface Saved {
  readonly h: string;
  readonly c: string;
  /** i, o, f side by side. */
  readonly gates: string;
  readonly i: string;
  readonly o: string;
  readonly f: string;
  /** What may enter the cell. */
  readonly candidate: string;
  /** The output's activation of the new c. */
  readonly bent: string;
}

/**
 * i, o, f = gate(…), c̃ = enter(…):  c′ = f·c + i·c̃, h′ = o·leave(c′)
 *
 * @see Gers et al. 2000, "Learning to Forget: Continual Prediction with LSTM", §3
 */
const cell = ([gate, enter, leave]: readonly Activation[]): Cell<Weights, Saved> => ({
  gates: 4,
  prepare: (_, r, rb) => ({ r, rb }),
  forward(g, z, [h = "", c = ""], { r, rb }) {
    const hidden = g.shape(h)[1]!;
    const [open = "", entering = ""] = cut(g, g.add(z, product(g, h, r, rb)), 1, [3 * hidden, hidden]);
    const gates = gate!.apply(g, open);
    const [i = "", o = "", f = ""] = cut(g, gates, 1, [hidden, hidden, hidden]);
    const candidate = enter!.apply(g, entering);
    const next = g.add(g.mul(f, c), g.mul(i, candidate));
    const bent = leave!.apply(g, next);
    return { states: [g.mul(o, bent), next], saved: { h, c, gates, i, o, f, candidate, bent } };
  },
  backward(g, { h, c, gates, i, o, f, candidate, bent }, [dh = "", carried = ""], { r }) {
    const dc = g.add(carried, leave!.through(g, bent, g.mul(dh, o)));
    const opened = join(g, [g.mul(dc, candidate), g.mul(dh, bent), g.mul(dc, c)], 1);
    const dz = join(g, [gate!.through(g, gates, opened), enter!.through(g, candidate, g.mul(dc, i))], 1);
    return { dz, products: [{ d: dz, of: h }], states: [g.matmul(dz, r), g.mul(dc, f)] };
  },
});

export const LSTM: Rule<Recurrence> = recurrent(["Sigmoid", "Tanh", "Tanh"], (site, activations) => {
  if (site.node.inputs[7]) site.fail("peepholes (P) have no gradient.");
  if (site.attribute("input_forget", 0) === 1) site.fail("input_forget 1 has no gradient.");
  return cell(activations);
});
