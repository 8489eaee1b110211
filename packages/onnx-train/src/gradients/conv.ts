import type { Emitter } from "../emitter.ts";
import type { Form } from "../form.ts";
import type { Gradients, Rule, Site } from "../rule.ts";
import { type Sliding, slidingOf, spreadingOf } from "../window.ts";
import { columnSums } from "./columns.ts";
import type { Convolution } from "./conv/convolution.ts";
import { DenseConvolution } from "./conv/dense.ts";
import { GroupedConvolution } from "./conv/grouped.ts";

function convolutionOf({ g, attribute }: Site, sliding: Sliding): Convolution {
  const group = attribute("group", 1);
  return group === 1 ? new DenseConvolution(g, sliding) : new GroupedConvolution(g, sliding, group);
}

/** One number per channel, in the shape in which it is added to a value in this form. */
const perChannel = (g: Emitter, vector: string, form: Form, rank: number): string =>
  form === "rows" ? vector : g.reshape(vector, [...g.shape(vector), ...Array(rank - 2).fill(1)]);

function biasGradient({ g, node, outputShape }: Site, form: Form, d: string): string | undefined {
  if (!node.inputs[2]) return undefined;
  return form === "rows"
    ? columnSums(g, d)
    : g.sum(
        d,
        [...outputShape(0).keys()].filter((axis) => axis !== 1),
      );
}

// Y = X ∗ W + b
export const Conv: Rule<Convolution> = {
  forward(site) {
    const { node, x, put, shape } = site;
    const convolution = convolutionOf(site, slidingOf(site, shape(1).slice(2)));
    const { form } = convolution;
    put(0, form, convolution.convolve(x(0, form), x(1), node.inputs[2] ? x(2) : undefined));
    return convolution;
  },
  backward(site, convolution): Gradients {
    const { x, dy, shape } = site;
    const { form } = convolution;
    const d = dy(0, form);
    const dx = { form, value: convolution.spread(d, x(1)) };
    return [dx, convolution.kernelGradient(x(0, form), d, shape(1)), biasGradient(site, form, d)];
  },
};

// The adjoint of Conv: what is Conv's way back is the way forward here.
export const ConvTranspose: Rule<Convolution> = {
  forward(site) {
    const { g, node, x, put, shape } = site;
    const convolution = convolutionOf(site, spreadingOf(site));
    const { form } = convolution;
    const y = convolution.spread(x(0, form), x(1));
    put(0, form, node.inputs[2] ? g.add(y, perChannel(g, x(2), form, shape(0).length)) : y);
    return convolution;
  },
  backward(site, convolution): Gradients {
    const { x, dy, shape } = site;
    const { form } = convolution;
    const d = dy(0, form);
    const dx = { form, value: convolution.convolve(d, x(1)) };
    return [dx, convolution.kernelGradient(d, x(0, form), shape(1)), biasGradient(site, form, d)];
  },
};
