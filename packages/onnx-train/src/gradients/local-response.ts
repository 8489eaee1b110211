import type { Emitter } from "../emitter.ts";
import { rowsShape } from "../form.ts";
import type { Rule, Site } from "../rule.ts";

interface Saved {
  /** [channels, channels]: 1 where a channel of the row counts for one of the column. */
  readonly band: string;
  /** s = bias + α/size·Σ x² over the neighbouring channels. */
  readonly sums: string;
  /** s to the power of −β. */
  readonly power: string;
}

/** Each channel's neighbours: `before` below it and `after` above it. */
function bandOf(g: Emitter, channels: number, size: number): string {
  const [before, after] = [Math.floor((size - 1) / 2), Math.ceil((size - 1) / 2)];
  const fromBelow = g.op("Trilu", [g.filled([channels, channels], 1), g.ints(-after)], { upper: 1 });
  return g.op("Trilu", [fromBelow, g.ints(before)], { upper: 0 });
}

const parametersOf = ({ attribute }: Site) => ({
  alpha: attribute("alpha", 1e-4),
  beta: attribute("beta", 0.75),
  bias: attribute("bias", 1),
  size: attribute("size", 1),
});

/**
 * y = x·s^−β; in rows form the sums over neighbouring channels are a product with a band matrix.
 *
 * @see Krizhevsky et al. 2012, "ImageNet Classification with Deep Convolutional Neural Networks", §3.3
 */
export const LRN: Rule<Saved> = {
  forward(site) {
    const { g, x, put, shape } = site;
    const { alpha, beta, bias, size } = parametersOf(site);
    const rows = x(0, "rows");
    const band = bandOf(g, rowsShape(shape(0))[1], size);
    const sums = g.add(g.scale(g.matmul(g.square(rows), band), alpha / size), g.floats(bias));
    const power = g.op("Pow", [sums, g.floats(-beta)]);
    put(0, "rows", g.mul(rows, power));
    return { band, sums, power };
  },
  // dx = dY·s^−β − 2αβ/size·x·(dY·y/s)·bandᵀ
  backward(site, { band, sums, power }) {
    const { g, x, y, dy } = site;
    const { alpha, beta, size } = parametersOf(site);
    const d = dy(0, "rows");
    const felt = g.matmul(g.div(g.mul(d, y(0, "rows")), sums), g.transpose(band, [1, 0]));
    const dx = g.sub(g.mul(d, power), g.scale(g.mul(x(0, "rows"), felt), (2 * alpha * beta) / size));
    return [{ form: "rows", value: dx }];
  },
};
