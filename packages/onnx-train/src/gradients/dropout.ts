import type { Form } from "../form.ts";
import { rowsFromPlain } from "../form.ts";
import type { Rule } from "../rule.ts";
import { known } from "./axes.ts";

interface Saved {
  readonly form: Form;
  /** 1/(1 − ratio) where a value is kept, 0 where it is dropped; undefined where nothing is dropped. */
  readonly mask: string | undefined;
}

// The mask is an input of the step (role "noise"), so the graph itself holds no randomness.
export const Dropout: Rule<Saved> = {
  forward(site) {
    const { g, node, x, put, shape } = site;
    const form = site.form(0);
    const [ratio = 0.5] = node.inputs[1] ? known(site, 1, "ratio") : [];
    const [training = 0] = node.inputs[2] ? known(site, 2, "training_mode") : [];
    if (training === 0 || ratio === 0) {
      put(0, form, x(0, form));
      if (node.outputs[1]) put(1, "plain", g.cast(g.filled(shape(0), 1), "bool"));
      return { form, mask: undefined };
    }
    const drawn = site.noise(`${node.name || node.outputs[0]}/mask`, shape(0), { kind: "mask", ratio });
    const mask = form === "rows" ? rowsFromPlain(g, drawn, shape(0)) : drawn;
    put(0, form, g.mul(x(0, form), mask));
    if (node.outputs[1]) put(1, form, g.op("Greater", [mask, g.floats(0)]));
    return { form, mask };
  },
  backward({ g, dy }, { form, mask }) {
    return [{ form, value: mask === undefined ? dy(0, form) : g.mul(dy(0, form), mask) }];
  },
};
