import { describe, expect, it } from "vitest";
import { type Build, expectConverts, opsOf, type TestGraph } from "../testing.ts";

const image = [2, 6, 7, 3];
const same = { padding: "SAME" };
const valid = { padding: "VALID" };
const strides = (h: number, w = h) => ({ strides: [1, h, w, 1], dilations: [1, 1, 1, 1] });
const dilations = (h: number, w = h) => ({ dilations: [1, h, w, 1] });

const conv =
  (op: string, filter: readonly number[], attributes: object, args: (g: TestGraph) => string[] = () => []): Build =>
  (g) =>
    g.op(op, [g.input(image), g.const(filter), ...args(g)], attributes as Record<string, string>);

const fused = (ops: readonly string[], more: object = {}) => ({
  ...strides(1),
  ...same,
  fused_ops: ops,
  num_args: ops.includes("Prelu") ? 2 : 1,
  ...more,
});

const CASES: Readonly<Record<string, Build>> = {
  "Conv2D same": conv("Conv2D", [3, 3, 3, 4], { ...strides(1), ...same }),
  "Conv2D valid, strides": conv("Conv2D", [3, 2, 3, 4], { ...strides(2, 3), ...valid }),
  "Conv2D same, strides": conv("Conv2D", [3, 3, 3, 4], { ...strides(2), ...same, ...dilations(1) }),
  "Conv2D same, strides past the kernel": conv("Conv2D", [1, 1, 3, 4], { ...strides(3), ...same }),
  "Conv2D dilated": conv("Conv2D", [3, 2, 3, 4], { ...strides(1), ...same, ...dilations(2, 3) }),
  "Conv2D explicit": conv("Conv2D", [3, 3, 3, 4], {
    ...strides(1),
    padding: "EXPLICIT",
    explicit_paddings: [0, 0, 1, 2, 0, 3, 0, 0],
  }),
  "Conv2D with a filter computed when running": (g) =>
    g.op("Conv2D", [g.input(image), g.input([3, 3, 3, 4])], { ...strides(1), ...same }),
  "Conv2D of open height and width": (g) =>
    g.op("Conv2D", [g.input(image, { open: [0, 1, 2] }), g.const([3, 3, 3, 4])], { ...strides(2), ...same }),
  Conv1D: (g) => g.op("Conv1D", [g.input([2, 7, 3]), g.const([3, 3, 4])], { stride: 2, ...same }),
  "Conv1D dilated": (g) =>
    g.op("Conv1D", [g.input([2, 7, 3]), g.const([3, 3, 4])], { stride: 1, dilation: 2, ...valid }),
  Conv3D: (g) =>
    g.op("Conv3D", [g.input([1, 4, 5, 6, 2]), g.const([2, 3, 2, 2, 3])], {
      strides: [1, 1, 2, 1, 1],
      ...same,
      data_format: "NDHWC",
      dilations: [1, 1, 1, 1, 1],
    }),
  "_FusedConv2D BiasAdd": conv("_FusedConv2D", [3, 3, 3, 4], fused(["BiasAdd"]), (g) => [g.const([4])]),
  ...Object.fromEntries(
    ["Relu", "Relu6", "Elu", "LeakyRelu", "Sigmoid"].map((activation) => [
      `_FusedConv2D BiasAdd, ${activation}`,
      conv("_FusedConv2D", [3, 3, 3, 4], fused(["BiasAdd", activation], { leakyrelu_alpha: 0.3 }), (g) => [
        g.const([4]),
      ]),
    ]),
  ),
  "_FusedConv2D BiasAdd, Prelu": conv("_FusedConv2D", [3, 3, 3, 4], fused(["BiasAdd", "Prelu"]), (g) => [
    g.const([4]),
    g.const([4]),
  ]),
  "_FusedConv2D explicit": conv(
    "_FusedConv2D",
    [3, 3, 3, 4],
    fused(["BiasAdd"], { padding: "EXPLICIT", explicit_paddings: [0, 0, 1, 0, 2, 1, 0, 0] }),
    (g) => [g.const([4])],
  ),
  DepthwiseConv2dNative: conv("DepthwiseConv2dNative", [3, 3, 3, 1], { ...strides(2), ...same, ...dilations(1) }),
  "DepthwiseConv2dNative multiplied": conv("DepthwiseConv2dNative", [2, 3, 3, 2], {
    ...strides(1),
    ...valid,
    ...dilations(1),
  }),
  "DepthwiseConv2dNative dilated": conv("DepthwiseConv2dNative", [3, 3, 3, 2], {
    ...strides(1),
    ...same,
    ...dilations(2),
  }),
  DepthwiseConv2d: conv("DepthwiseConv2d", [3, 3, 3, 1], { ...strides(1), ...same, ...dilations(1) }),
  "DepthwiseConv2dNative with a filter computed when running": (g) =>
    g.op("DepthwiseConv2dNative", [g.input(image), g.input([3, 3, 3, 2])], { ...strides(1), ...same, ...dilations(1) }),
  "FusedDepthwiseConv2dNative BiasAdd, Relu6": conv(
    "FusedDepthwiseConv2dNative",
    [3, 3, 3, 1],
    fused(["BiasAdd", "Relu6"]),
    (g) => [g.const([3])],
  ),
  "Conv2DBackpropInput same": (g) =>
    g.op("Conv2DBackpropInput", [g.ints([2, 12, 13, 3]), g.const([3, 3, 3, 4]), g.input([2, 6, 7, 4])], {
      ...strides(2),
      ...same,
    }),
  "Conv2DBackpropInput valid": (g) =>
    g.op("Conv2DBackpropInput", [g.ints([2, 14, 15, 3]), g.const([3, 2, 3, 4]), g.input([2, 6, 7, 4])], {
      ...strides(2),
      ...valid,
    }),
  "Conv2DBackpropInput same, strides past the kernel": (g) =>
    g.op("Conv2DBackpropInput", [g.ints([2, 18, 21, 3]), g.const([2, 2, 3, 4]), g.input([2, 6, 7, 4])], {
      ...strides(3),
      ...same,
    }),
  "AvgPool same": (g) => g.op("AvgPool", [g.input(image)], { ksize: [1, 3, 2, 1], ...strides(2), ...same }),
  "AvgPool valid": (g) => g.op("AvgPool", [g.input(image)], { ksize: [1, 3, 3, 1], ...strides(1), ...valid }),
  "MaxPool same": (g) => g.op("MaxPool", [g.input(image)], { ksize: [1, 3, 3, 1], ...strides(2, 1), ...same }),
  "MaxPool valid": (g) => g.op("MaxPool", [g.input(image)], { ksize: [1, 2, 2, 1], ...strides(2), ...valid }),
  "MaxPool of padded values": (g) => {
    const padded = g.op("Pad", [g.input(image), g.pairs([0, 0, 1, 1, 1, 1, 0, 0])]);
    return g.op("MaxPool", [padded], { ksize: [1, 3, 3, 1], ...strides(2), ...valid });
  },
  "AvgPool3D same": (g) =>
    g.op("AvgPool3D", [g.input([1, 4, 5, 6, 2])], { ksize: [1, 2, 3, 2, 1], strides: [1, 2, 2, 2, 1], ...same }),
  "MaxPool3D valid": (g) =>
    g.op("MaxPool3D", [g.input([1, 4, 5, 6, 2])], { ksize: [1, 2, 3, 2, 1], strides: [1, 1, 2, 2, 1], ...valid }),
  ...Object.fromEntries(
    [true, false].map((include): [string, Build] => [
      `MaxPoolWithArgmax ${include}`,
      (g) => {
        const attributes = { ksize: [1, 2, 2, 1], ...strides(2), ...same, include_batch_in_index: include };
        const node = g.op("MaxPoolWithArgmax", [g.input(image)], attributes);
        return [node, `${node}:1`];
      },
    ]),
  ),
  "Dilation2D same": (g) =>
    g.op("Dilation2D", [g.input(image), g.const([3, 2, 3])], { ...strides(2, 1), rates: [1, 1, 2, 1], ...same }),
  "Dilation2D valid": (g) =>
    g.op("Dilation2D", [g.input(image), g.const([2, 2, 3])], { ...strides(1), rates: [1, 2, 2, 1], ...valid }),
};

describe("convolution ops answer as in TF.js", () => {
  for (const [name, build] of Object.entries(CASES)) it(name, async () => void (await expectConverts(build)));
});

describe("a convolution of an image that was cut into blocks", () => {
  const dilated =
    (op: string, filter: readonly number[], more: object, args: (g: TestGraph) => string[], crop = 1): Build =>
    (g) => {
      const blocks = g.op("SpaceToBatchND", [g.input([2, 6, 7, 3]), g.ints([2, 3]), g.pairs([2, 2, 3, 5])]);
      const y = g.op(op, [blocks, g.const(filter), ...args(g)], { ...strides(1), ...valid, ...more });
      return g.op("BatchToSpaceND", [y, g.ints([2, 3]), g.pairs([0, 0, 0, crop])]);
    };

  it("is a dilated one of the whole image", async () => {
    for (const [build, ops] of [
      [dilated("DepthwiseConv2dNative", [3, 3, 3, 1], {}, () => []), ["Conv"]],
      [
        dilated("_FusedConv2D", [3, 2, 3, 4], { num_args: 1, fused_ops: ["BiasAdd", "Relu"] }, (g) => [g.const([4])]),
        ["Conv", "Relu"],
      ],
    ] as const)
      expect(opsOf(await expectConverts(build))).toEqual(["Transpose", ...ops, "Transpose"]);
  });

  it("is one too where the padding depends on open extents", async () => {
    const model = await expectConverts((g) => {
      const x = g.input([1, 5, 6, 3], { open: [0, 1, 2] });
      const sides = g.op("StridedSlice", [g.op("Shape", [x]), g.ints([1]), g.ints([3]), g.ints([1])]);
      const missing = g.op("FloorMod", [g.op("Sub", [g.int(2), g.op("FloorMod", [sides, g.int(2)])]), g.int(2)]);
      const one = (i: number): string =>
        g.op("StridedSlice", [missing, g.ints([i]), g.ints([i + 1]), g.ints([1])], { shrink_axis_mask: 1 });
      const pairs = (): string => {
        const rows = [0, 1].map((i) => g.op("Pack", [g.int(0), one(i)], { axis: 0 }));
        return g.op("Pack", rows, { axis: 0 });
      };
      const blocks = g.op("SpaceToBatchND", [x, g.ints([2, 2]), pairs()]);
      const y = g.op("DepthwiseConv2dNative", [blocks, g.const([2, 2, 3, 1])], { ...strides(1), ...valid });
      return g.op("BatchToSpaceND", [y, g.ints([2, 2]), pairs()]);
    });
    expect(opsOf(model)).toEqual(["Transpose", "Conv", "Transpose"]);
  });

  it("stays where more is cropped than was padded", async () => {
    const model = await expectConverts(dilated("Conv2D", [1, 1, 3, 2], {}, () => [], 6));
    expect(opsOf(model)).toContain("Slice");
  });
});

describe("a batch normalisation", () => {
  const normalised = (g: TestGraph, x: string, channels: number): string =>
    g.op(
      "FusedBatchNormV3",
      [x, g.const([channels]), g.const([channels]), g.const([channels]), g.const([channels], [1, 2, 0.5, 3])],
      {
        epsilon: 0.01,
        is_training: false,
      },
    );

  it("goes into the convolution before it", async () => {
    const model = await expectConverts((g) => {
      const x = g.op("Conv2D", [g.input(image), g.const([3, 3, 3, 4])], { ...strides(1), ...same });
      return g.op("Relu6", [normalised(g, x, 4)]);
    });
    expect(opsOf(model)).toEqual(["Transpose", "Conv", "Clip", "Transpose"]);
  });

  it("goes into the convolution past its bias", async () => {
    const model = await expectConverts((g) => {
      const x = g.op("DepthwiseConv2dNative", [g.input([2, 6, 7, 4]), g.const([3, 3, 4, 1])], {
        ...strides(1),
        ...same,
        ...dilations(1),
      });
      return normalised(g, g.op("BiasAdd", [x, g.const([4])]), 4);
    });
    expect(opsOf(model)).toEqual(["Transpose", "Conv", "Transpose"]);
  });

  it("stands alone where nothing takes it in", async () => {
    const model = await expectConverts((g) => normalised(g, g.input([2, 6, 7, 4]), 4));
    expect(opsOf(model)).toEqual(["Mul", "Add"]);
  });
});
