import { describe, expect, it } from "vitest";
import { type Build, expectConverts, opsOf } from "../testing.ts";

const product =
  (op: string, a: readonly number[], b: readonly number[], attributes: object, constant = true): Build =>
  (g) =>
    g.op(op, [g.input(a), constant ? g.const(b) : g.input(b)], attributes as Record<string, boolean>);

const plain = { transpose_a: false, transpose_b: false };

const MATRICES: Readonly<Record<string, Build>> = {
  MatMul: product("MatMul", [2, 3], [3, 4], plain),
  "MatMul of two inputs": product("MatMul", [2, 3], [3, 4], plain, false),
  "MatMul transposed": product("MatMul", [3, 2], [4, 3], { transpose_a: true, transpose_b: true }),
  "MatMul of two inputs, transposed": product(
    "MatMul",
    [3, 2],
    [4, 3],
    { transpose_a: true, transpose_b: true },
    false,
  ),
  "MatMul of integers": (g) =>
    g.op("MatMul", [g.input([2, 3], { dtype: "int32" }), g.const([3, 4], undefined, "int32")], plain),
  BatchMatMul: product("BatchMatMul", [5, 2, 3], [5, 3, 4], { adj_x: false, adj_y: false }),
  "BatchMatMulV2 broadcast": product("BatchMatMulV2", [5, 6, 2, 3], [6, 4, 3], { adj_x: false, adj_y: true }, false),
  "BatchMatMulV2 by a matrix": product("BatchMatMulV2", [5, 2, 3], [1, 3, 4], { adj_x: false, adj_y: false }),
  "_FusedMatMul BiasAdd": (g) =>
    g.op("_FusedMatMul", [g.input([2, 3]), g.const([3, 4]), g.const([4])], {
      ...plain,
      num_args: 1,
      fused_ops: ["BiasAdd"],
    }),
  ...Object.fromEntries(
    ["Relu", "Relu6", "Elu", "Sigmoid", "LeakyRelu"].map((activation) => [
      `_FusedMatMul BiasAdd, ${activation}`,
      (g) =>
        g.op("_FusedMatMul", [g.input([2, 3]), g.const([3, 4]), g.const([4])], {
          ...plain,
          num_args: 1,
          fused_ops: ["BiasAdd", activation],
          leakyrelu_alpha: 0.3,
        }),
    ]),
  ),
  "_FusedMatMul BiasAdd, Prelu": (g) =>
    g.op("_FusedMatMul", [g.input([2, 3]), g.const([3, 4]), g.const([4]), g.const([4])], {
      ...plain,
      num_args: 2,
      fused_ops: ["BiasAdd", "Prelu"],
    }),
  Transpose: (g) => g.op("Transpose", [g.input([2, 3, 4]), g.ints([2, 0, 1])]),
  "Transpose twice": (g) =>
    g.op("Transpose", [g.op("Transpose", [g.input([2, 3, 4]), g.ints([2, 0, 1])]), g.ints([1, 0, 2])]),
  "Transpose of a constant": (g) =>
    g.op("Mul", [g.input([4, 3]), g.op("Transpose", [g.const([3, 4]), g.ints([1, 0])])]),
  Einsum: (g) => g.op("Einsum", [g.input([2, 3, 4]), g.const([4, 5])], { equation: "abc,cd->abd", N: 2 }),
  "Einsum that sums": (g) =>
    g.op("Einsum", [g.input([2, 3, 4]), g.const([2, 3, 5])], { equation: "abc,abd->acd", N: 2 }),
  MatrixBandPart: (g) => g.op("MatrixBandPart", [g.input([2, 4, 5]), g.int(1), g.int(1)]),
  "MatrixBandPart of everything": (g) => g.op("MatrixBandPart", [g.input([2, 4, 5]), g.int(-1), g.int(-1)]),
};

const statistics = (g: Parameters<Build>[0], constant: boolean): string[] =>
  [undefined, undefined, undefined, [1, 2, 0.5]].map((data) =>
    constant ? g.const([3], data) : g.input([3], data ? { data } : {}),
  );

const NORMALIZATION: Readonly<Record<string, Build>> = {
  ...Object.fromEntries(
    ["FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"].flatMap((op) =>
      [true, false].map((constant) => [
        `${op} with ${constant ? "constants" : "computed statistics"}`,
        (g) => g.op(op, [g.input([2, 4, 5, 3]), ...statistics(g, constant)], { epsilon: 0.01, is_training: false }),
      ]),
    ),
  ),
  LRN: (g) => g.op("LRN", [g.input([2, 3, 4, 7])], { depth_radius: 2, bias: 1.5, alpha: 0.3, beta: 0.7 }),
  Softmax: (g) => g.op("Softmax", [g.input([2, 3, 4])]),
  LogSoftmax: (g) => g.op("LogSoftmax", [g.input([2, 5])]),
};

for (const [family, cases] of Object.entries({ matrix: MATRICES, normalization: NORMALIZATION }))
  describe(`${family} ops answer as in TF.js`, () => {
    for (const [name, build] of Object.entries(cases)) it(name, async () => void (await expectConverts(build)));
  });

describe("a flattened image", () => {
  const flat = (g: Parameters<Build>[0], target: readonly number[]): string => {
    const x = g.op("MaxPool", [g.input([2, 6, 7, 3], { open: [0] })], {
      ksize: [1, 2, 2, 1],
      strides: [1, 2, 2, 1],
      padding: "SAME",
    });
    return g.op("Reshape", [x, g.ints(target)]);
  };

  it("is not put in order, but the rows of the weight that reads it", async () => {
    const model = await expectConverts((g) => {
      const x = flat(g, [-1, 36]);
      return g.op("_FusedMatMul", [x, g.const([36, 5]), g.const([5])], {
        ...plain,
        num_args: 1,
        fused_ops: ["BiasAdd"],
      });
    });
    expect(opsOf(model)).toEqual(["Transpose", "MaxPool", "Flatten", "Gemm"]);
  });

  it("is put in order for any other reader", async () => {
    await expectConverts((g) => g.op("Mul", [flat(g, [-1, 36]), g.const([36])]));
    await expectConverts((g) => flat(g, [-1, 36]));
    await expectConverts((g) => flat(g, [-1, 18]));
  });
});
