import { describe, it } from "vitest";
import { type Build, expectConverts } from "../testing.ts";

const resized =
  (
    op: string,
    size: readonly number[],
    align_corners: boolean,
    half_pixel_centers: boolean,
    open: number[] = [],
  ): Build =>
  (g) =>
    g.op(op, [g.input([2, 5, 6, 3], { open }), g.ints(size)], { align_corners, half_pixel_centers });

const CASES: Readonly<Record<string, Build>> = {
  ...Object.fromEntries(
    ["ResizeBilinear", "ResizeNearestNeighbor"].flatMap((op) =>
      [
        [10, 12],
        [7, 4],
        [3, 9],
        [1, 1],
      ].flatMap((size) =>
        [
          [false, false],
          [true, false],
          [false, true],
        ].map(([corners, half]) => [`${op} to ${size} ${corners} ${half}`, resized(op, size, corners!, half!)]),
      ),
    ),
  ),
  "ResizeBilinear of an open image": resized("ResizeBilinear", [7, 9], false, true, [0, 1, 2]),
  "ResizeBilinear to a computed size": (g) => {
    const x = g.input([2, 5, 6, 3], { open: [0, 1, 2] });
    const size = g.op("StridedSlice", [g.op("Shape", [x]), g.ints([1]), g.ints([3]), g.ints([1])]);
    return g.op("ResizeBilinear", [x, g.op("Mul", [size, g.ints([2, 2])])], {
      align_corners: false,
      half_pixel_centers: true,
    });
  },
  ...Object.fromEntries(
    ["bilinear", "nearest"].map((method) => [
      `CropAndResize ${method}`,
      (g) =>
        g.op(
          "CropAndResize",
          [
            g.input([2, 5, 6, 3]),
            g.input([3, 4], { data: [0.1, 0.2, 0.7, 0.85, -0.3, 0.1, 1.2, 0.8, 0.9, 0.8, 0.25, 0.13] }),
            g.input([3], { dtype: "int32", data: [1, 0, 1] }),
            g.ints([4, 5]),
          ],
          { method, extrapolation_value: 0.25 },
        ),
    ]),
  ),
  ...Object.fromEntries(
    ["BILINEAR", "NEAREST"].flatMap((interpolation) =>
      ["CONSTANT", "NEAREST"].map((fill_mode): [string, Build] => [
        `ImageProjectiveTransformV3 ${interpolation} ${fill_mode}`,
        (g) => {
          const transform = g.const([1, 8], [0.9, 0.2, -1.33, -0.1, 1.1, 0.73, 0.01, 0.02]);
          return g.op("ImageProjectiveTransformV3", [g.input([1, 5, 6, 3]), transform, g.ints([6, 7]), g.float(0.25)], {
            interpolation,
            fill_mode,
          });
        },
      ]),
    ),
  ),
  "CropAndResize to one pixel": (g) =>
    g.op(
      "CropAndResize",
      [g.input([1, 5, 6, 3]), g.const([2, 4], [0.1, 0.2, 0.7, 0.9, 0, 0, 1, 1]), g.ints([0, 0]), g.ints([1, 1])],
      {
        method: "bilinear",
      },
    ),
};

describe("image ops answer as in TF.js", () => {
  for (const [name, build] of Object.entries(CASES)) it(name, async () => void (await expectConverts(build)));
});
