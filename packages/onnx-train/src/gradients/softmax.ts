import type { Emitter } from "../emitter.ts";
import type { Form } from "../form.ts";
import type { Rule, Site } from "../rule.ts";
import { fromFront } from "./axes.ts";

/** The rule of an operator along one axis, which works in rows form where that axis is the channels. */
const alongAxis = (formula: (g: Emitter, y: string, dy: string, axis: number) => string): Rule<Form> => ({
  forward(site) {
    const { g, node, x, put } = site;
    const axis = axisOf(site);
    const form = axis === 1 ? site.form(0) : "plain";
    put(0, form, g.op(node.op, [x(0, form)], { axis }, { name: g.unique(node.name || node.op) }));
    return form;
  },
  backward(site, form) {
    const { g, y, dy } = site;
    return [{ form, value: formula(g, y(0, form), dy(0, form), axisOf(site)) }];
  },
});

const axisOf = ({ attribute, shape }: Site): number => fromFront(attribute("axis", -1), shape(0).length);

// dx = y·(dY − Σ dY·y)
export const Softmax: Rule<Form> = alongAxis((g, y, dy, axis) =>
  g.mul(y, g.sub(dy, g.sum(g.mul(dy, y), [axis], true))),
);

// dx = dY − eʸ·Σ dY
export const LogSoftmax: Rule<Form> = alongAxis((g, y, dy, axis) =>
  g.sub(dy, g.mul(g.op("Exp", [y]), g.sum(dy, [axis], true))),
);
