import { sizeOf } from "@glyphcast/onnx";
import type { Emitter } from "../emitter.ts";
import { copyNode, type Rule } from "../rule.ts";
import { inImages, paddedReadsOf, picker, pickRows, readersOf, readsOf, type Sliding, slidingOf } from "../window.ts";

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

interface Winner {
  readonly value: string;
  /** What each entrant gets of a gradient of the value: all or nothing. */
  readonly share: (gradient: string) => readonly string[];
}

/** The largest of some values, elementwise, found in pairs; of equals the first wins. */
function tournament(g: Emitter, entrants: readonly string[]): Winner {
  if (entrants.length === 1) return { value: entrants[0]!, share: (gradient) => [gradient] };
  const half = entrants.length >> 1;
  const [first, second] = [tournament(g, entrants.slice(0, half)), tournament(g, entrants.slice(half))];
  const wins = g.indicator(g.op("GreaterOrEqual", [first.value, second.value]));
  return {
    value: g.op("Max", [first.value, second.value]),
    share(gradient) {
      const won = g.mul(gradient, wins);
      return [...first.share(won), ...second.share(g.sub(gradient, won))];
    },
  };
}

interface MaxSaved {
  readonly sliding: Sliding;
  readonly winner: Winner;
}

// The gradient goes to the first maximum of each window, as in PyTorch and TF.js.
export const MaxPool: Rule<MaxSaved> = {
  forward(site) {
    const { g, node, x, put, attribute } = site;
    const sliding = slidingOf(site, attribute("kernel_shape", []));
    // The places of the maxima, for those who ask, come from the operator itself.
    if (node.outputs[1]) copyNode(site);
    const reads = readsOf(sliding);
    const pick = picker(g, x(0, "rows"), sliding.batch, reads.flat(), Number.NEGATIVE_INFINITY);
    const winner = tournament(
      g,
      reads[0]!.map((_, offset) => pick(reads.map((places) => places[offset]))),
    );
    put(0, "rows", winner.value);
    return { sliding, winner };
  },
  backward({ g, dy }, { sliding, winner }) {
    const places = sizeOf(sliding.output);
    const shares = winner.share(dy(0, "rows")).map((share) => inImages(g, share, sliding.batch));
    const all = g.op("Concat", shares, { axis: 1 });
    const rows = g.reshape(all, [sliding.batch * places * shares.length, g.shape(all)[2]!]);
    const picks = readersOf(sliding).map((list) => list.map(({ output, offset }) => offset * places + output));
    return [{ form: "rows", value: gathered(g, rows, sliding.batch, picks) }];
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
