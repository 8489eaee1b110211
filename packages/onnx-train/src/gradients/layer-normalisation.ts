import { sizeOf } from "@glyphcast/onnx";
import type { Rule, Site } from "../rule.ts";
import { fromFront } from "./axes.ts";
import { type Standardised, standardise, standardisedGradient } from "./standardise.ts";
import { unbroadcast } from "./unbroadcast.ts";

/** @see Ba et al. 2016, "Layer Normalization", §3 */
export const LayerNormalization: Rule<Standardised> = {
  forward(site) {
    const { g, node, x, put, shape, outputShape, attribute } = site;
    const axis = fromFront(attribute("axis", -1), shape(0).length);
    const matrix = g.reshape(x(0), [sizeOf(shape(0).slice(0, axis)), sizeOf(shape(0).slice(axis))]);
    const saved = standardise(g, matrix, attribute("epsilon", 1e-5));
    const scaled = g.mul(g.reshape(saved.standard, shape(0)), x(1));
    put(0, "plain", node.inputs[2] ? g.add(scaled, x(2)) : scaled);
    if (node.outputs[1]) put(1, "plain", g.reshape(saved.mean, outputShape(1)));
    if (node.outputs[2]) put(2, "plain", g.reshape(saved.inverse, outputShape(2)));
    return saved;
  },
  backward(site, saved) {
    const { g, node, x, dy, shape } = site;
    const { standard, inverse } = saved;
    const [rows = 1, columns = 1] = g.shape(standard);
    const d = dy(0);
    let dx = standardisedGradient(g, g.reshape(g.mul(d, x(1)), [rows, columns]), saved);
    const perRow = (output: number) => g.scale(g.reshape(dy(output), [rows, 1]), 1 / columns);
    if (node.outputs[1]) dx = g.add(dx, perRow(1));
    // d(1/σ) = −x̂/(σ²·columns)
    if (node.outputs[2]) dx = g.sub(dx, g.mul(standard, g.mul(perRow(2), g.square(inverse))));
    const dscale = g.mul(d, g.reshape(standard, shape(0)));
    return [
      g.reshape(dx, shape(0)),
      unbroadcast(g, dscale, shape(1)),
      node.inputs[2] ? unbroadcast(g, d, shape(2)) : undefined,
    ];
  },
};

/** Standardises groups of neighbouring channels, each example by itself; scale and bias come after. */
function grouped({ g, x, shape, attribute }: Site, groups: number): Standardised {
  const [batch = 1, ...rest] = shape(0);
  return standardise(g, g.reshape(x(0), [batch * groups, sizeOf(rest) / groups]), attribute("epsilon", 1e-5));
}

/** A vector with one element per channel, or per group as GroupNormalization had it at first, for [batch, channels, …]. */
function perChannel({ g, shape }: Site, vector: string): string {
  const [, channels = 1] = shape(0);
  const given = g.shape(vector)[0]!;
  const repeated =
    given === channels
      ? vector
      : g.reshape(g.expand(g.reshape(vector, [given, 1]), [given, channels / given]), [channels]);
  return g.reshape(repeated, [channels, 1]);
}

/** The rule of a normalisation over groups of channels. */
const groupNormalisation = (groupsOf: (site: Site) => number): Rule<Standardised> => ({
  forward(site) {
    const { g, x, put, shape } = site;
    const [batch = 1, channels = 1, ...spatial] = shape(0);
    const saved = grouped(site, groupsOf(site));
    const apart = g.reshape(saved.standard, [batch, channels, sizeOf(spatial)]);
    put(0, "plain", g.reshape(g.add(g.mul(apart, perChannel(site, x(1))), perChannel(site, x(2))), shape(0)));
    return saved;
  },
  backward(site, saved) {
    const { g, x, dy, shape } = site;
    const [batch = 1, channels = 1, ...spatial] = shape(0);
    const apart = [batch, channels, sizeOf(spatial)];
    const d = g.reshape(dy(0), apart);
    const scaled = g.mul(d, perChannel(site, x(1)));
    const dx = standardisedGradient(g, g.reshape(scaled, g.shape(saved.standard)), saved);
    const given = shape(1)[0]!;
    const summed = (value: string) => g.sum(g.reshape(g.sum(value, [0, 2]), [given, channels / given]), [1]);
    return [g.reshape(dx, shape(0)), summed(g.mul(d, g.reshape(saved.standard, apart))), summed(d)];
  },
});

/** @see Ulyanov et al. 2016, "Instance Normalization", §2 */
export const InstanceNormalization: Rule<Standardised> = groupNormalisation(({ shape }) => shape(0)[1]!);

/** @see Wu and He 2018, "Group Normalization", §3.1 */
export const GroupNormalization: Rule<Standardised> = groupNormalisation(({ attribute }) => attribute("num_groups", 1));
