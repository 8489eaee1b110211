import { describe, expect, it } from "vitest";
import { type Build, convert, expectConverts, opsOf, runOnnx, TestGraph, type Values } from "../testing.ts";

const dims = (g: Parameters<Build>[0], data: readonly number[]): string =>
  g.input([data.length], { dtype: "int32", data });

const CASES: Readonly<Record<string, Build>> = {
  Fill: (g) => g.op("Fill", [g.ints([2, 3]), g.float(0.5)], { T: "DT_FLOAT" }),
  "Fill of a computed shape": (g) => g.op("Fill", [dims(g, [2, 3]), g.int(4)], { T: "DT_INT32" }),
  LinSpace: (g) => g.op("LinSpace", [g.float(1), g.float(3), g.int(5)]),
  OneHot: (g) =>
    g.op("OneHot", [g.input([2, 3], { dtype: "int32", data: [0, 3, -1, 2, 4, 1] }), g.int(4), g.float(1), g.float(0)], {
      T: "DT_FLOAT",
    }),
  "OneHot of other values": (g) =>
    g.op("OneHot", [g.input([3], { dtype: "int32", data: [0, 3, 1] }), g.int(4), g.int(5), g.int(-2)], {
      T: "DT_INT32",
    }),
  Ones: (g) => g.op("Ones", [g.ints([2, 3])], { T: "DT_INT32" }),
  Zeros: (g) => g.op("Zeros", [dims(g, [3])], { T: "DT_FLOAT" }),
  OnesLike: (g) => g.op("OnesLike", [g.input([2, 3])]),
  ZerosLike: (g) => g.op("ZerosLike", [g.input([2, 3], { dtype: "int32", open: [0] })]),
  Range: (g) => g.op("Range", [g.int(1), g.int(10), g.int(3)], { Tidx: "DT_INT32" }),
  "Range of floats": (g) => g.op("Range", [g.float(3), g.float(1), g.float(-0.5)], { Tidx: "DT_FLOAT" }),
  "Range up to a computed end": (g) =>
    g.op("Range", [g.int(0), g.input([], { dtype: "int32", data: [5] }), g.int(1)], { Tidx: "DT_INT32" }),
  Shape: (g) => g.op("Shape", [g.input([2, 3])], { out_type: "DT_INT32" }),
  "Shape of open extents": (g) => g.op("Shape", [g.input([2, 3], { open: [0, 1] })]),
  Size: (g) => g.op("Size", [g.input([2, 3])]),
  "Size of open extents": (g) => g.op("Size", [g.input([2, 3], { open: [0] })]),
  "ShapeN as a shape": (g) => {
    const shapes = g.op("ShapeN", [g.input([2, 3], { open: [0] }), g.input([3, 2])]);
    return g.op("Reshape", [g.input([6]), g.op("Cast", [`${shapes}:1`], { DstT: "DT_INT32" })]);
  },
  Rank: (g) => g.op("Rank", [g.input([2, 3])]),
  IdentityN: (g) => {
    const node = g.op("IdentityN", [g.input([2, 3]), g.input([4])]);
    return [node, `${node}:1`];
  },
  "Identity, Snapshot, StopGradient": (g) =>
    ["Identity", "Snapshot", "StopGradient"].reduce((x, op) => g.op(op, [x]), g.input([2, 3])),
  FakeQuantWithMinMaxVars: (g) => g.op("FakeQuantWithMinMaxVars", [g.input([2, 3]), g.float(0), g.float(1)]),
  "PlaceholderWithDefault that is not fed": (g) =>
    g.op("Add", [g.op("PlaceholderWithDefault", [g.float(3)]), g.input([2])]),
  "a constant as an output": (g) => [g.const([2, 3]), g.op("Relu", [g.input([2])])],
  "an input as an output": (g) => {
    const x = g.input([2, 3]);
    return [g.op("Identity", [x]), g.op("Identity", [x])];
  },
};

describe("creation and graph ops answer as in TF.js", () => {
  for (const [name, build] of Object.entries(CASES)) it(name, async () => void (await expectConverts(build)));
});

it("what only prints, orders or closes leaves nothing", () => {
  const graph = new TestGraph();
  const x = graph.input([3]);
  graph.op("NoOp", [], {}, "nothing");
  const array = graph.op("TensorArrayV3", [graph.int(1)], { dtype: "DT_FLOAT", element_shape: { shape: { dim: [] } } });
  graph.op("TensorArrayCloseV3", [array], {}, "closed");
  const printed = graph.op("Print", [x, x, "^nothing", "^closed"], { message: "x", summarize: 3 });
  expect(opsOf(convert(graph, [graph.op("Relu", [printed])]))).toEqual(["Relu"]);
});

describe("random ops draw", () => {
  const drawn = async (build: Build): Promise<Values> => {
    const graph = new TestGraph();
    const outputs = [build(graph)].flat();
    return (await runOnnx(convert(graph, outputs), graph.feeds))[0]!;
  };
  const mean = ({ data }: Values): number => data.reduce((sum, value) => sum + value, 0) / data.length;

  it("uniform numbers", async () => {
    const values = await drawn((g) =>
      g.op("RandomUniform", [g.ints([40, 50])], { minval: 1, maxval: 3, dtype: "DT_FLOAT" }),
    );
    expect(values.shape).toEqual([40, 50]);
    expect(Math.min(...values.data)).toBeGreaterThanOrEqual(1);
    expect(Math.max(...values.data)).toBeLessThan(3);
    expect(mean(values)).toBeCloseTo(2, 0);
  });

  it("integers", async () => {
    const values = await drawn((g) => g.op("RandomUniformInt", [g.ints([500])], { minval: -2, maxval: 3 }));
    expect([...new Set(values.data)].toSorted((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2]);
  });

  it("normally distributed numbers, of a shape that is computed too", async () => {
    const values = await drawn((g) => g.op("RandomStandardNormal", [dims(g, [50, 50])], { dtype: "DT_FLOAT" }));
    expect(values.shape).toEqual([50, 50]);
    expect(mean(values)).toBeCloseTo(0, 0);
    expect(mean({ ...values, data: values.data.map((value) => value * value) })).toBeCloseTo(1, 0);
  });

  it("normally distributed numbers within two deviations", async () => {
    const values = await drawn((g) =>
      g.op("TruncatedNormal", [g.ints([60, 50])], { means: 3, stddev: 0.5, dtype: "DT_FLOAT" }),
    );
    expect(mean(values)).toBeCloseTo(3, 1);
    expect(Math.min(...values.data)).toBeGreaterThanOrEqual(2);
    expect(Math.max(...values.data)).toBeLessThanOrEqual(4);
    const atTheBound = values.data.filter((value) => Math.abs(value - 3) > 0.9999);
    expect(atTheBound.length).toBeLessThan(20);
  });

  it("classes by their logits", async () => {
    const values = await drawn((g) => g.op("Multinomial", [g.const([1, 3], [-40, 40, -40]), g.int(20)]));
    expect(values).toEqual({ dtype: "int32", shape: [1, 20], data: Array.from({ length: 20 }, () => 1) });
  });
});
