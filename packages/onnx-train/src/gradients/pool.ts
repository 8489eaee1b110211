import { sizeOf } from "@glyphcast/onnx";
import type { Emitter } from "../emitter.ts";
import { copyNode, type Rule } from "../rule.ts";
import { paddedReadsOf, pickRows, readersOf, readsOf, type Sliding, slidingOf } from "../window.ts";

/** What a pool's window sees at each of its places: [rows, offsets, channels], `fill` in the padding. */
function windowsOf(g: Emitter, rows: string, sliding: Sliding, fill: number): string {
  const picked = pickRows(g, rows, sliding.batch, readsOf(sliding).flat(), fill);
  return g.reshape(picked, [sliding.batch * sizeOf(sliding.output), sizeOf(sliding.kernel), g.shape(rows)[1]!]);
}

/** For each input position, the sum of what it picks: `picks` has as many lists as there are positions. */
function gathered(g: Emitter, rows: string, batch: number, picks: readonly (readonly number[])[]): string {
  const channels = g.shape(rows)[1]!;
  const most = Math.max(...picks.map((list) => list.length));
  const padded = picks.flatMap((list) => Array.from({ length: most }, (_, i) => list[i]));
  const received = g.reshape(pickRows(g, rows, batch, padded), [batch * picks.length, most, channels]);
  return g.reshape(g.sum(received, most === 1 ? [] : [1]), [batch * picks.length, channels]);
}

interface MaxSaved {
  readonly sliding: Sliding;
  /** For each output element, true at the first position of the window that holds the maximum: [rows, offsets, channels]. */
  readonly winner: string;
}

// The gradient goes to the first maximum of each window, as in PyTorch and TF.js.
export const MaxPool: Rule<MaxSaved> = {
  forward(site) {
    const { g, node, x, put, attribute } = site;
    const sliding = slidingOf(site, attribute("kernel_shape", []));
    // The places of the maxima, for those who ask, come from the operator itself.
    if (node.outputs[1]) copyNode(site);
    const windows = windowsOf(g, x(0, "rows"), sliding, Number.NEGATIVE_INFINITY);
    put(0, "rows", g.reduce("ReduceMax", windows, [1]));
    const offsets = sizeOf(sliding.kernel);
    const place = g.op("ArgMax", [windows], { axis: 1, keepdims: 1 });
    const winner = g.op("Equal", [place, g.reshape(g.ints([...Array(offsets).keys()]), [1, offsets, 1])]);
    return { sliding, winner };
  },
  backward({ g, dy }, { sliding, winner }) {
    const [rows = 0, offsets = 0, channels = 0] = g.shape(winner);
    const d = g.reshape(dy(0, "rows"), [rows, 1, channels]);
    const routed = g.reshape(g.where(winner, d, g.floats(0)), [rows * offsets, channels]);
    const picks = readersOf(sliding).map((list) => list.map(({ output, offset }) => output * offsets + offset));
    return [{ form: "rows", value: gathered(g, routed, sliding.batch, picks) }];
  },
};

interface AverageSaved {
  readonly sliding: Sliding;
  /** By how many elements each output position divides. */
  readonly counts: readonly number[];
}

/** Divides each position's row by its count. */
function average(g: Emitter, rows: string, { sliding, counts }: AverageSaved): string {
  const shares = counts.map((count) => 1 / count);
  if (shares.every((share) => share === shares[0])) return g.scale(rows, shares[0]!);
  const channels = g.shape(rows)[1]!;
  const images = g.reshape(rows, [sliding.batch, counts.length, channels]);
  return g.reshape(g.mul(images, g.reshape(g.floats(shares), [counts.length, 1])), g.shape(rows));
}

// y = Σ window / count, where the padding counts or does not
export const AveragePool: Rule<AverageSaved> = {
  forward(site) {
    const { g, x, put, attribute } = site;
    const sliding = slidingOf(site, attribute("kernel_shape", []));
    const counts =
      attribute("count_include_pad", 0) === 1
        ? paddedReadsOf(sliding)
        : readsOf(sliding).map((reads) => reads.filter((read) => read !== undefined).length);
    const saved = { sliding, counts };
    put(0, "rows", average(g, g.sum(windowsOf(g, x(0, "rows"), sliding, 0), [1]), saved));
    return saved;
  },
  backward({ g, dy }, saved) {
    const picks = readersOf(saved.sliding).map((list) => list.map(({ output }) => output));
    return [{ form: "rows", value: gathered(g, average(g, dy(0, "rows"), saved), saved.sliding.batch, picks) }];
  },
};
