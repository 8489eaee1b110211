import type { Rule } from "../../rule.ts";
import { throughSigmoid, throughTanh } from "../activation.ts";
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
  /** tanh of the new c. */
  readonly bent: string;
}

/**
 * i, o, f = σ(…), c̃ = tanh(…):  c′ = f·c + i·c̃, h′ = o·tanh c′
 *
 * @see Gers et al. 2000, "Learning to Forget: Continual Prediction with LSTM", §3
 */
const cell: Cell<Weights, Saved> = {
  gates: 4,
  activations: ["Sigmoid", "Tanh", "Tanh"],
  prepare: (_, r, rb) => ({ r, rb }),
  forward(g, z, [h = "", c = ""], { r, rb }) {
    const hidden = g.shape(h)[1]!;
    const [open = "", enter = ""] = cut(g, g.add(z, product(g, h, r, rb)), 1, [3 * hidden, hidden]);
    const gates = g.op("Sigmoid", [open]);
    const [i = "", o = "", f = ""] = cut(g, gates, 1, [hidden, hidden, hidden]);
    const candidate = g.op("Tanh", [enter]);
    const next = g.add(g.mul(f, c), g.mul(i, candidate));
    const bent = g.op("Tanh", [next]);
    return { states: [g.mul(o, bent), next], saved: { h, c, gates, i, o, f, candidate, bent } };
  },
  backward(g, { h, c, gates, i, o, f, candidate, bent }, [dh = "", carried = ""], { r }) {
    const dc = g.add(carried, throughTanh(g, bent, g.mul(dh, o)));
    const opened = join(g, [g.mul(dc, candidate), g.mul(dh, bent), g.mul(dc, c)], 1);
    const dz = join(g, [throughSigmoid(g, gates, opened), throughTanh(g, candidate, g.mul(dc, i))], 1);
    return { dz, products: [{ d: dz, of: h }], states: [g.matmul(dz, r), g.mul(dc, f)] };
  },
};

export const LSTM: Rule<Recurrence> = recurrent((site) => {
  if (site.node.inputs[7]) site.fail("peepholes (P) have no gradient.");
  if (site.attribute("input_forget", 0) === 1) site.fail("input_forget 1 has no gradient.");
  return cell;
});
