import { describe, expect, it } from "vitest";
import { type Build, expectConverts, opsOf } from "../testing.ts";

const shape = [2, 3, 4, 5];

const reduce =
  (op: string, axes: readonly number[], keep_dims = false, dtype: "float32" | "int32" | "bool" = "float32"): Build =>
  (g) =>
    g.op(op, [g.input(shape, { dtype }), g.ints(axes)], { keep_dims });

const CASES: Readonly<Record<string, Build>> = {
  ...Object.fromEntries(
    ["Max", "Mean", "Min", "Sum", "Prod"].flatMap((op) => [
      [`${op} of one axis`, reduce(op, [1])],
      [`${op} of several, kept`, reduce(op, [-1, 1], true)],
      [`${op} of all`, reduce(op, [0, 1, 2, 3])],
    ]),
  ),
  ...Object.fromEntries(
    ["Max", "Mean", "Min", "Sum"].flatMap((op) => [[`${op} of integers`, reduce(op, [1, 2], false, "int32")]]),
  ),
  EuclideanNorm: reduce("EuclideanNorm", [1, 2]),
  "EuclideanNorm, kept": reduce("EuclideanNorm", [2], true),
  "Prod of integers": (g) => g.op("Prod", [g.input([3, 4], { dtype: "int32" }), g.ints([1])], { keep_dims: false }),
  "Sum of booleans": reduce("Sum", [2], false, "bool"),
  "Max over a scalar axis": (g) => g.op("Max", [g.input(shape), g.int(2)], { keep_dims: false }),
  All: reduce("All", [1], false, "bool"),
  Any: reduce("Any", [1, 3], true, "bool"),
  ...Object.fromEntries(
    ["ArgMax", "ArgMin"].flatMap((op) => [
      [op, (g) => g.op(op, [g.input(shape), g.int(2)])],
      [`${op} of the last axis`, (g) => g.op(op, [g.input(shape), g.int(-1)])],
      [`${op} of integers with ties`, (g) => g.op(op, [g.input([6, 20], { dtype: "int32" }), g.int(1)])],
    ]),
  ),
  ...Object.fromEntries(
    ["Cumsum", "Cumprod"].flatMap((op) =>
      [0, 1, 2, 3].map((bits) => {
        const options = { exclusive: bits % 2 === 1, reverse: bits > 1 };
        return [
          `${op} ${JSON.stringify(options)}`,
          (g) => g.op(op, [g.input([2, 3, 4]), g.int(bits % 2 ? 1 : 2)], options),
        ];
      }),
    ),
  ),
  Bincount: (g) =>
    g.op("Bincount", [g.input([6], { dtype: "int32", data: [1, 0, 3, 1, 7, 1] }), g.int(5), g.const([0])]),
  "Bincount weighted": (g) =>
    g.op("Bincount", [g.input([6], { dtype: "int32", data: [1, 0, 3, 1, 7, 1] }), g.int(5), g.const([6])]),
  DenseBincount: (g) =>
    g.op("DenseBincount", [g.input([2, 3], { dtype: "int32", data: [1, 0, 3, 1, 4, 1] }), g.int(5), g.const([0])], {
      binary_output: false,
    }),
  "DenseBincount weighted": (g) =>
    g.op("DenseBincount", [g.input([2, 3], { dtype: "int32", data: [1, 0, 3, 1, 4, 1] }), g.int(5), g.const([2, 3])], {
      binary_output: false,
    }),
  "DenseBincount binary": (g) =>
    g.op("DenseBincount", [g.input([2, 3], { dtype: "int32", data: [1, 0, 3, 1, 4, 1] }), g.int(5), g.const([0])], {
      binary_output: true,
    }),
};

describe("reduction ops answer as in TF.js", () => {
  for (const [name, build] of Object.entries(CASES)) it(name, async () => void (await expectConverts(build)));
});

it("reduces an image where it is held", async () => {
  const model = await expectConverts((g) => {
    const x = g.op("MaxPool", [g.input([2, 6, 7, 3])], { ksize: [1, 2, 2, 1], strides: [1, 2, 2, 1], padding: "SAME" });
    return g.op("Mean", [x, g.ints([1, 2])], { keep_dims: false });
  });
  expect(opsOf(model)).toEqual(["Transpose", "MaxPool", "ReduceMean"]);
});
