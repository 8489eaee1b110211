import type { Emitter } from "../emitter.ts";
import { type Form, rowsShape } from "../form.ts";
import type { Rule, Site } from "../rule.ts";
import { fromFront } from "./axes.ts";

/** Batch and channels are axes in rows form too. */
const formAlong = (axis: number, forms: readonly Form[]): Form =>
  axis < 2 && forms.includes("rows") ? "rows" : "plain";

const axisOf = ({ attribute }: Site, shape: readonly number[]): number => fromFront(attribute("axis", 0), shape.length);

/** Cuts a value along an axis into parts of these shapes. */
function cut(g: Emitter, value: string, axis: number, parts: readonly (readonly number[])[]): readonly string[] {
  if (parts.length === 1) return [value];
  return g.ops("Split", [value, g.ints(parts.map((shape) => shape[axis]!))], { axis }, {}, parts.length);
}

const inForm = (form: Form, shape: readonly number[]) => (form === "rows" ? rowsShape(shape) : shape);

export const Concat: Rule<Form> = {
  forward(site) {
    const { g, node, x, put } = site;
    const inputs = [...node.inputs.keys()];
    const axis = axisOf(site, site.shape(0));
    const form = formAlong(axis, inputs.map(site.form));
    const joined = inputs.map((i) => x(i, form));
    put(0, form, g.op("Concat", joined, { axis }, { name: g.unique(node.name || "Concat") }));
    return form;
  },
  backward(site, form) {
    const { g, node, dy, shape } = site;
    const parts = node.inputs.map((_, i) => inForm(form, shape(i)));
    return cut(g, dy(0, form), axisOf(site, shape(0)), parts).map((value) => ({ form, value }));
  },
};

export const Split: Rule<Form> = {
  forward(site) {
    const { g, node, x, put, shape, outputShape } = site;
    const axis = axisOf(site, shape(0));
    const form = formAlong(axis, [site.form(0)]);
    const parts = node.outputs.map((_, i) => inForm(form, outputShape(i)));
    for (const [i, part] of cut(g, x(0, form), axis, parts).entries()) put(i, form, part);
    return form;
  },
  backward(site, form) {
    const { g, node, dy, shape } = site;
    const parts = node.outputs.map((_, i) => dy(i, form));
    return [{ form, value: g.op("Concat", parts, { axis: axisOf(site, shape(0)) }) }];
  },
};
