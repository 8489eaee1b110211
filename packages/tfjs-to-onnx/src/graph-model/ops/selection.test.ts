import { describe, it } from "vitest";
import { type Build, expectConverts, noise } from "../testing.ts";

/** Boxes around places of a grid that overlap here and there. */
const boxes = Array.from({ length: 12 }, (_, i) => {
  const [y, x] = [Math.floor(i / 4) * 0.7, (i % 4) * 0.4];
  return [y, x, y + 1, x + 1];
}).flat();
const scores = noise(3, [12]).map((value) => (value + 1) / 2);

const suppress =
  (op: string, args: (g: Parameters<Build>[0]) => readonly string[], outputs: number, attributes = {}): Build =>
  (g) => {
    const node = g.op(op, [g.input([12, 4], { data: boxes }), g.input([12], { data: scores }), ...args(g)], attributes);
    return Array.from({ length: outputs }, (_, i) => (i ? `${node}:${i}` : node));
  };

const CASES: Readonly<Record<string, Build>> = {
  NonMaxSuppressionV2: suppress("NonMaxSuppressionV2", (g) => [g.int(5), g.float(0.3)], 1),
  NonMaxSuppressionV3: suppress("NonMaxSuppressionV3", (g) => [g.int(20), g.float(0.3), g.float(0.4)], 1),
  NonMaxSuppressionV4: suppress("NonMaxSuppressionV4", (g) => [g.int(10), g.float(0.3), g.float(0.4)], 2, {
    pad_to_max_output_size: true,
  }),
  "NonMaxSuppressionV4 unpadded": suppress("NonMaxSuppressionV4", (g) => [g.int(10), g.float(0.5), g.float(0.2)], 2, {
    pad_to_max_output_size: false,
  }),
  NonMaxSuppressionV5: suppress("NonMaxSuppressionV5", (g) => [g.int(10), g.float(0.3), g.float(0.2), g.float(0)], 2),
  Where: (g) => g.op("Where", [g.input([3, 4], { dtype: "bool" })]),
  "Where of numbers": (g) => g.op("Where", [g.input([6], { data: [0, 1, 0, -2, 0, 3] })]),
  ListDiff: (g) => {
    const x = g.input([6], { dtype: "int32", data: [1, 2, 3, 4, 3, 6] });
    const node = g.op("ListDiff", [x, g.input([3], { dtype: "int32", data: [3, 1, 9] })]);
    return [node, `${node}:1`];
  },
  TopKV2: (g) => {
    const node = g.op("TopKV2", [g.input([3, 7]), g.int(4)], { sorted: true });
    return [node, `${node}:1`];
  },
  "TopKV2 of integers with ties": (g) => {
    const node = g.op("TopKV2", [g.input([20], { dtype: "int32" }), g.int(9)], { sorted: true });
    return [node, `${node}:1`];
  },
  LowerBound: (g) =>
    g.op("LowerBound", [
      g.input([2, 4], { data: [1, 2, 2, 5, 0, 1, 3, 3] }),
      g.input([2, 3], { data: [2, 9, 0, 3, 1, 0.5] }),
    ]),
  UpperBound: (g) =>
    g.op("UpperBound", [
      g.input([2, 4], { data: [1, 2, 2, 5, 0, 1, 3, 3] }),
      g.input([2, 3], { data: [2, 9, 0, 3, 1, 0.5] }),
    ]),
  Unique: (g) => {
    const node = g.op("Unique", [g.input([6], { data: [3, 1, 3, 2, 1, 5] })]);
    return [node, `${node}:1`];
  },
  "Unique of integers": (g) => {
    const node = g.op("Unique", [g.input([6], { dtype: "int32", data: [3, 1, 3, 2, 1, 5] })]);
    return [node, `${node}:1`];
  },
  "UniqueV2 of columns": (g) => {
    const node = g.op("UniqueV2", [g.input([2, 4], { data: [2, 1, 2, 1, 3, 0, 3, 1] }), g.ints([1])]);
    return [node, `${node}:1`];
  },
};

describe("dynamic and evaluation ops answer as in TF.js", () => {
  for (const [name, build] of Object.entries(CASES)) it(name, async () => void (await expectConverts(build)));
});
