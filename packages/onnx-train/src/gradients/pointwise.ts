import { sizeOf } from "@glyphcast/onnx";
import type { Emitter } from "../emitter.ts";
import { type Form, rowsShape } from "../form.ts";
import type { Gradient, Rule, Site } from "../rule.ts";
import { unbroadcast } from "./unbroadcast.ts";

/** What a formula works with, all in one form: inputs that broadcast, the output and its gradient. */
export interface Formula {
  readonly g: Emitter;
  /** The inputs; empty strings for those omitted. */
  readonly inputs: readonly string[];
  /** The first input. */
  readonly x: string;
  /** The second input. */
  readonly b: string;
  readonly y: string;
  readonly dy: string;
  readonly attribute: Site["attribute"];
}

/**
 * The rule of an operator that maps each element by itself, with numpy broadcasting. Such operators do not care how
 * values lie in memory, so they work in the form that is at hand.
 *
 * formula: one gradient per input as if nothing were broadcast; undefined where an input has none.
 */
export function pointwise(formula: (values: Formula) => readonly (string | undefined)[]): Rule<Form> {
  return {
    forward(site) {
      const form = commonForm(site);
      const { g, node, put } = site;
      const inputs = node.inputs.map((_, i) => operand(site, i, form));
      put(0, form, g.op(node.op, inputs, node.attributes, { name: g.unique(node.name || node.op) }));
      return form;
    },
    backward(site, form) {
      const { g, node, y, dy, attribute } = site;
      const inputs = node.inputs.map((_, i) => operand(site, i, form));
      const [x = "", b = ""] = inputs;
      const gradients = formula({ g, inputs, x, b, y: y(0, form), dy: dy(0, form), attribute });
      return gradients.map((gradient, i) =>
        gradient && node.inputs[i] ? received(site, i, form, gradient) : undefined,
      );
    },
  };
}

/** Rows where an input lies in rows and the others can be broadcast against it there. */
function commonForm(site: Site): Form {
  const given = [...site.node.inputs.keys()].filter((i) => site.node.inputs[i]);
  const inRows = given.some((i) => site.form(i) === "rows");
  return inRows && given.every((i) => shapeInRows(site, i)) ? "rows" : "plain";
}

/** The shape of an input beside an output in rows form: whole, one element per channel, or one for all. */
function shapeInRows(site: Site, input: number): readonly number[] | undefined {
  const [shape, whole] = [site.shape(input), site.outputShape(0)];
  if (shape.join() === whole.join()) return rowsShape(whole);
  const size = sizeOf(shape);
  if (size === 1) return [];
  const channels = shape.at(1 - whole.length);
  return channels === size && channels === whole[1] ? [size] : undefined;
}

function operand(site: Site, input: number, form: Form): string {
  if (!site.node.inputs[input]) return "";
  if (form === "plain") return site.x(input);
  const shape = shapeInRows(site, input)!;
  return shape.length === 2 ? site.x(input, "rows") : site.g.reshape(site.x(input), shape);
}

/** The gradient of an input from that of the output. */
function received(site: Site, input: number, form: Form, gradient: string): Gradient {
  const { g, shape } = site;
  if (form === "plain") return unbroadcast(g, gradient, shape(input));
  const target = shapeInRows(site, input)!;
  const value = unbroadcast(g, gradient, target);
  return target.length === 2 ? { form, value } : g.reshape(value, shape(input));
}
