import { rowsShape } from "../form.ts";
import type { Rule, Site } from "../rule.ts";
import { Folded } from "./columns.ts";

interface Saved {
  readonly folded: Folded;
  /** x − mean, folded. */
  readonly centred: string;
  /** 1/√(variance + ε), one per channel. */
  readonly inverse: string;
}

/**
 * Batch normalisation by the statistics of the batch (training_mode = 1); the running statistics come out as the second
 * and third output.
 *
 * @see Ioffe and Szegedy 2015, "Batch Normalization", algorithm 1 and §3
 */
export const BatchNormalization: Rule<Saved> = {
  forward(site) {
    const { g, node, x, put, shape, attribute } = site;
    if (attribute("training_mode", 0) === 0) return frozen(site);
    const folded = new Folded(g, ...rowsShape(shape(0)));
    const rows = folded.matrix(x(0, "rows"));
    const mean = folded.sums(rows, 1 / folded.rows);
    const centred = g.sub(rows, folded.vector(mean));
    const variance = folded.sums(g.mul(centred, centred), 1 / folded.rows);
    const inverse = g.op("Reciprocal", [g.op("Sqrt", [g.add(variance, g.floats(attribute("epsilon", 1e-5)))])]);
    const scaled = g.mul(centred, folded.vector(g.mul(inverse, x(1))));
    put(0, "rows", folded.unfold(g.add(scaled, folded.vector(x(2)))));

    const momentum = attribute("momentum", 0.9);
    const running = (previous: string, batch: string) =>
      g.add(g.mul(previous, g.floats(momentum)), g.mul(batch, g.floats(1 - momentum)));
    if (node.outputs[1]) put(1, "plain", running(x(3), mean));
    if (node.outputs[2]) put(2, "plain", running(x(4), variance));
    return { folded, centred, inverse };
  },
  backward(site, { folded, centred, inverse }) {
    const { g, x, dy, attribute } = site;
    const d = folded.matrix(dy(0, "rows"));
    const dbias = folded.sums(d);
    const moment = folded.sums(g.mul(d, centred));
    const dscale = g.mul(moment, inverse);
    const gain = g.mul(x(1), inverse);
    if (attribute("training_mode", 0) === 0)
      return [{ form: "rows", value: folded.unfold(g.mul(d, folded.vector(gain))) }, dscale, dbias];
    // dx = γ/σ · (dY − mean(dY) − x̂·mean(dY·x̂))
    const share = g.floats(1 / folded.rows);
    const slope = g.mul(g.mul(gain, g.mul(inverse, inverse)), g.mul(moment, share));
    const offset = g.mul(gain, g.mul(dbias, share));
    const projected = g.add(g.mul(centred, folded.vector(slope)), folded.vector(offset));
    const dx = g.sub(g.mul(d, folded.vector(gain)), projected);
    return [{ form: "rows", value: folded.unfold(dx) }, dscale, dbias];
  },
};

/** Normalisation by fixed statistics: an affine map of each channel. */
function frozen({ g, x, put, shape, attribute }: Site): Saved {
  const folded = new Folded(g, ...rowsShape(shape(0)));
  const centred = g.sub(folded.matrix(x(0, "rows")), folded.vector(x(3)));
  const inverse = g.op("Reciprocal", [g.op("Sqrt", [g.add(x(4), g.floats(attribute("epsilon", 1e-5)))])]);
  const scaled = g.mul(centred, folded.vector(g.mul(inverse, x(1))));
  put(0, "rows", folded.unfold(g.add(scaled, folded.vector(x(2)))));
  return { folded, centred, inverse };
}
