process.env.ORT_DISABLE_TELEMETRY = "1";

import { type Attributes, float32, GraphBuilder, modelOf, sizeOf, tensor } from "@glyphcast/onnx";
import { beforeAll, describe, expect, it } from "vitest";
import { randomWords } from "../random.ts";
import type { OnnxRuntime } from "../train-session.ts";
import { compareGradients } from "./numeric.ts";

let ort: OnnxRuntime;
beforeAll(async () => {
  ort = (await import("onnxruntime-node")) as unknown as OnnxRuntime;
});

/** Values in ±[0.3, 1.3], a distance of at least 0.02 apart, so that no kink lies within a step of one. */
function spread(shape: readonly number[], seed: number) {
  const words = randomWords(seed);
  const size = sizeOf(shape);
  const order = Array.from({ length: size }, (_, i) => i);
  for (let i = size - 1; i > 0; i--) {
    const j = words() % (i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  const gap = Math.max(0.025, 2 / size);
  const values = order.map((place) => (place - size / 2 + 0.5) * gap);
  return float32(
    shape,
    values.map((value) => value + Math.sign(value) * 0.05),
  );
}

interface Case {
  readonly op: string;
  readonly shapes: readonly (readonly number[])[];
  readonly attributes?: Attributes;
  readonly positive?: boolean;
  readonly outputs?: number;
  /** A square of the input stands before the operator, so that the gradient passes through more than one node. */
  readonly step?: number;
  readonly atol?: number;
}

const conv = (x: number[], w: number[], attributes: Attributes, bias = false): Case => ({
  op: "Conv",
  shapes: [x, w, ...(bias ? [[w[0]!]] : [])],
  attributes,
});

const cases: Case[] = [
  ...["Neg", "Identity", "Relu", "Sigmoid", "Tanh", "Exp"].map((op) => ({ op, shapes: [[2, 3, 2]] })),
  ...["Log", "Sqrt"].map((op) => ({ op, shapes: [[2, 5]], positive: true })),
  ...["Add", "Sub", "Mul"].flatMap((op) => [
    {
      op,
      shapes: [
        [2, 3],
        [2, 3],
      ],
    },
    {
      op,
      shapes: [
        [2, 1, 3],
        [4, 1],
      ],
    },
    { op, shapes: [[3], [2, 2, 3]] },
    { op, shapes: [[], [2, 2]] },
  ]),
  {
    op: "Div",
    shapes: [
      [2, 3],
      [1, 3],
    ],
    positive: true,
  },
  {
    op: "MatMul",
    shapes: [
      [3, 4],
      [4, 2],
    ],
  },
  {
    op: "MatMul",
    shapes: [
      [2, 3, 4],
      [4, 2],
    ],
  },
  {
    op: "MatMul",
    shapes: [
      [3, 4],
      [5, 1, 4, 2],
    ],
  },
  { op: "MatMul", shapes: [[4], [4, 2]] },
  { op: "MatMul", shapes: [[3, 4], [4]] },
  ...[0, 1].flatMap((transA) =>
    [0, 1].map((transB) => ({
      op: "Gemm",
      shapes: [transA ? [4, 3] : [3, 4], transB ? [2, 4] : [4, 2], [2]],
      attributes: { transA, transB, alpha: 0.5, beta: 2 },
    })),
  ),
  conv([2, 1, 6, 5], [3, 1, 3, 3], {}),
  conv([2, 1, 7, 7], [3, 1, 5, 5], { strides: [2, 2], pads: [1, 1, 2, 2] }, true),
  conv([2, 4, 5, 5], [3, 4, 3, 3], { pads: [1, 1, 1, 1] }, true),
  conv([1, 4, 5, 5], [12, 4, 3, 3], { pads: [1, 1, 1, 1] }),
  conv([2, 4, 6, 5], [2, 4, 3, 2], { strides: [2, 1], pads: [1, 0, 1, 1] }),
  conv([1, 5, 7, 7], [2, 5, 3, 3], { dilations: [2, 2], pads: [2, 2, 2, 2] }),
  conv([1, 4, 6, 6], [3, 4, 3, 3], { auto_pad: "SAME_UPPER", strides: [2, 2] }),
  conv([2, 4, 3, 3], [5, 4, 3, 3], {}, true),
  conv([2, 4, 3, 3], [5, 4, 1, 1], {}),
  conv([2, 3, 9], [2, 3, 3], { pads: [1, 1] }),
  conv([1, 2, 3, 4, 3], [2, 2, 2, 2, 2], {}),
  ...[
    { kernel_shape: [2, 2], strides: [2, 2] },
    { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] },
    { kernel_shape: [2, 2], strides: [1, 1] },
    { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 },
  ].map((attributes) => ({ op: "MaxPool", shapes: [[2, 3, 5, 5]], attributes, step: 5e-3 })),
  { op: "Reshape", shapes: [[2, 6]] },
  { op: "Flatten", shapes: [[2, 3, 2]], attributes: { axis: 1 } },
  { op: "Transpose", shapes: [[2, 3, 4]], attributes: { perm: [2, 0, 1] } },
];

describe("each rule agrees with central differences", () => {
  // float32 sums of a few hundred products are good to 1e-5 of their size; divided by a step of 1e-2 that leaves 1e-3.
  const tolerance = { rtol: 2e-3, atol: 4e-3 };

  it.each(
    cases.map(
      (one) => [`${one.op} ${JSON.stringify(one.shapes)} ${JSON.stringify(one.attributes ?? {})}`, one] as const,
    ),
  )("%s", async (_, { op, shapes, attributes = {}, positive = false, step = 1e-2 }) => {
    const g = new GraphBuilder("case");
    const values = shapes.map((shape, i) => {
      const value = spread(shape, i + 1);
      return g.initializer(
        `p${i}`,
        positive
          ? float32(
              shape,
              value.data.map((x) => Math.abs(x) + 0.5),
            )
          : value,
      );
    });
    const inputs = op === "Reshape" ? [values[0]!, g.ints([3, 4])] : values;
    g.output(g.op(op, inputs, attributes), "y");
    const words = randomWords(7);
    const result = await compareGradients(ort, modelOf(g.build()), {}, () => words() / 2 ** 32, step);
    expect([...result.keys()]).toEqual(values);
    for (const { analytic, numeric } of result.values()) expect(analytic).toBeAllClose(numeric, tolerance);
  });

  it.each([[[4, 3, 3, 3]], [[6, 5]], [[2, 16, 4, 4]]])("BatchNormalization by batch statistics, %j", async (shape) => {
    for (const training_mode of [0, 1]) {
      const g = new GraphBuilder("case");
      const channels = shape[1]!;
      const names = ["x", "scale", "bias", "mean", "var"];
      const shapes = [shape, [channels], [channels], [channels], [channels]];
      const values = names.map((name, i) => {
        const value = spread(shapes[i]!, i + 1);
        return g.initializer(
          name,
          name === "var"
            ? float32(
                shapes[i]!,
                value.data.map((v) => Math.abs(v) + 0.5),
              )
            : value,
        );
      });
      const outputs = training_mode ? ["y", "mean:running", "var:running"] : ["y"];
      g.ops("BatchNormalization", values, { training_mode, epsilon: 1e-3 }, { outputs });
      g.output("y");
      const words = randomWords(7);
      const result = await compareGradients(ort, modelOf(g.build()), {}, () => words() / 2 ** 32);
      for (const name of names.slice(0, 3)) {
        const { analytic, numeric } = result.get(name)!;
        expect(analytic).toBeAllClose(numeric, { rtol: 5e-3, atol: 6e-3 });
      }
    }
  });

  it("Dropout with its mask as an input", async () => {
    const g = new GraphBuilder("case");
    const x = g.initializer("x", spread([3, 4], 1));
    const training = g.initializer("training", tensor("bool", [], Uint8Array.of(1)));
    g.output(g.op("Dropout", [x, g.floats(0.5), training]), "y");
    const words = randomWords(7);
    const result = await compareGradients(ort, modelOf(g.build()), {}, () => words() / 2 ** 32);
    const { analytic, numeric } = result.get("x")!;
    expect(analytic).toContain(0);
    expect(analytic).toBeAllClose(numeric, tolerance);
  });
});
