import type { Attributes } from "@glyphcast/onnx";
import type { Emitter } from "../emitter.ts";
import type { Form } from "../form.ts";
import type { Rule, Site } from "../rule.ts";
import { unbroadcast } from "./unbroadcast.ts";

/** What a formula works with: inputs, output and its gradient, all in one form. */
interface Formula {
  readonly g: Emitter;
  readonly x: string;
  /** The second input of a binary operator. */
  readonly b: string;
  readonly y: string;
  readonly dy: string;
  readonly attributes: Attributes;
}

/** Elementwise operators do not care how values lie in memory, so they work in the form that is at hand. */
function elementwise(formula: (values: Formula) => readonly string[]): Rule<Form> {
  return {
    forward(site) {
      const form = commonForm(site);
      const { g, node, x, put } = site;
      const inputs = node.inputs.map((_, i) => x(i, form));
      put(0, form, g.op(node.op, inputs, node.attributes, { name: g.unique(node.name || node.op) }));
      return form;
    },
    backward(site, form) {
      const { g, node, x, y, dy } = site;
      const b = node.inputs.length > 1 ? x(1, form) : "";
      const gradients = formula({ g, x: x(0, form), b, y: y(0, form), dy: dy(0, form), attributes: node.attributes });
      if (form === "rows") return gradients.map((value) => ({ form, value }));
      return gradients.map((value, i) => unbroadcast(g, value, site.shape(i)));
    },
  };
}

/** Rows when all inputs have one shape and one of them lies in rows already. */
function commonForm(site: Site): Form {
  const shapes = site.node.inputs.map((_, i) => site.shape(i).join());
  const inRows = site.node.inputs.some((_, i) => site.form(i) === "rows");
  return inRows && shapes.every((shape) => shape === shapes[0]) ? "rows" : "plain";
}

// dY where the output left the flat part, else 0
const whereOutputPositive = ({ g, y, dy }: Formula) => [g.where(g.op("Greater", [y, g.floats(0)]), dy, g.floats(0))];

export const Add: Rule<Form> = elementwise(({ dy }) => [dy, dy]);

export const Sub: Rule<Form> = elementwise(({ g, dy }) => [dy, g.neg(dy)]);

export const Mul: Rule<Form> = elementwise(({ g, x, b, dy }) => [g.mul(dy, b), g.mul(dy, x)]);

// d(x/b) = dY/b,  −dY·y/b
export const Div: Rule<Form> = elementwise(({ g, b, y, dy }) => {
  const dx = g.div(dy, b);
  return [dx, g.neg(g.mul(dx, y))];
});

export const Neg: Rule<Form> = elementwise(({ g, dy }) => [g.neg(dy)]);

export const Identity: Rule<Form> = elementwise(({ dy }) => [dy]);

export const Relu: Rule<Form> = elementwise(whereOutputPositive);

export const Exp: Rule<Form> = elementwise(({ g, y, dy }) => [g.mul(dy, y)]);

export const Log: Rule<Form> = elementwise(({ g, x, dy }) => [g.div(dy, x)]);

// d√x = dY / (2·√x)
export const Sqrt: Rule<Form> = elementwise(({ g, y, dy }) => [g.div(g.mul(dy, g.floats(0.5)), y)]);

// dσ = dY·y·(1 − y)
export const Sigmoid: Rule<Form> = elementwise(({ g, y, dy }) => [g.mul(dy, g.mul(y, g.sub(g.floats(1), y)))]);

// d tanh = dY·(1 − y²)
export const Tanh: Rule<Form> = elementwise(({ g, y, dy }) => [g.mul(dy, g.sub(g.floats(1), g.mul(y, y)))]);
