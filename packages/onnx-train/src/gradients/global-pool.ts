import { sizeOf } from "@glyphcast/onnx";
import type { Emitter } from "../emitter.ts";
import { type Form, rowsShape } from "../form.ts";
import type { Rule, Site } from "../rule.ts";

/** A value as [batch, channels, positions], or with the last two exchanged in rows form. */
interface Flat {
  readonly form: Form;
  readonly all: string;
  /** The axis of the positions. */
  readonly axis: number;
  readonly size: number;
}

function flatten({ g, x, shape }: Site, form: Form): Flat {
  const [batch = 1, channels = 1, ...spatial] = shape(0);
  const size = sizeOf(spatial);
  const extents = form === "rows" ? [batch, size, channels] : [batch, channels, size];
  return { form, all: g.reshape(x(0, form), extents), axis: form === "rows" ? 1 : 2, size };
}

/** The rule of a pool over all positions. */
const globalPool = (
  forward: (g: Emitter, flat: Flat) => string,
  backward: (g: Emitter, flat: Flat, d: string) => string,
): Rule<Flat> => ({
  forward(site) {
    const { g, put, outputShape } = site;
    const form = site.form(0);
    const flat = flatten(site, form);
    put(0, form, g.reshape(forward(g, flat), form === "rows" ? rowsShape(outputShape(0)) : outputShape(0)));
    return flat;
  },
  backward({ g, dy, shape }, flat) {
    const { form, all, axis } = flat;
    const one = g.shape(all).with(axis, 1);
    const value = backward(g, flat, g.reshape(dy(0, form), one));
    return [{ form, value: g.reshape(value, form === "rows" ? rowsShape(shape(0)) : shape(0)) }];
  },
});

export const GlobalAveragePool: Rule<Flat> = globalPool(
  (g, { all, axis }) => g.reduce("ReduceMean", all, [axis]),
  (g, { all, size }, d) => g.expand(g.scale(d, 1 / size), g.shape(all)),
);

// The gradient goes to the first maximum, as MaxPool's does.
export const GlobalMaxPool: Rule<Flat> = globalPool(
  (g, { all, axis }) => g.reduce("ReduceMax", all, [axis]),
  (g, { all, axis, size }, d) => {
    const place = g.op("ArgMax", [all], { axis, keepdims: 1 });
    const places = g.reshape(g.ints([...Array(size).keys()]), axis === 1 ? [size, 1] : [size]);
    return g.where(g.op("Equal", [place, places]), d, g.floats(0));
  },
);
