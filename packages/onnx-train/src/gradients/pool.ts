import { sizeOf } from "@glyphcast/onnx";
import type { Rule } from "../rule.ts";
import { pickRows, readersOf, readsOf, type Sliding, slidingOf } from "../window.ts";

interface Saved {
  readonly sliding: Sliding;
  /** For each output element, true at the first position of the window that holds the maximum: [rows, offsets, channels]. */
  readonly winner: string;
}

// The gradient goes to the first maximum of each window, as in PyTorch and TF.js.
export const MaxPool: Rule<Saved> = {
  forward(site) {
    const { g, x, put, shape, attribute } = site;
    const sliding = slidingOf(site, attribute("kernel_shape", []));
    const channels = shape(0)[1]!;
    const offsets = sizeOf(sliding.kernel);
    const rows = sliding.batch * sizeOf(sliding.output);
    const picked = pickRows(g, x(0, "rows"), sliding.batch, readsOf(sliding).flat(), Number.NEGATIVE_INFINITY);
    const windows = g.reshape(picked, [rows, offsets, channels]);
    put(0, "rows", g.op("ReduceMax", [windows], { axes: [1], keepdims: 0 }));
    const place = g.op("ArgMax", [windows], { axis: 1, keepdims: 1 });
    const winner = g.op("Equal", [place, g.reshape(g.ints([...Array(offsets).keys()]), [1, offsets, 1])]);
    return { sliding, winner };
  },
  backward({ g, dy, shape }, { sliding, winner }) {
    const channels = shape(0)[1]!;
    const offsets = sizeOf(sliding.kernel);
    const rows = sliding.batch * sizeOf(sliding.output);
    const d = g.reshape(dy(0, "rows"), [rows, 1, channels]);
    const routed = g.reshape(g.where(winner, d, g.floats(0)), [rows * offsets, channels]);
    const readers = readersOf(sliding);
    const most = Math.max(...readers.map((reader) => reader.length));
    const picks = readers.flatMap((reader) =>
      Array.from({ length: most }, (_, i) => reader[i] && reader[i].output * offsets + reader[i].offset),
    );
    const received = g.reshape(pickRows(g, routed, sliding.batch, picks), [
      sliding.batch * readers.length,
      most,
      channels,
    ]);
    return [
      {
        form: "rows",
        value: g.reshape(g.sum(received, most === 1 ? [] : [1]), [sliding.batch * readers.length, channels]),
      },
    ];
  },
};
