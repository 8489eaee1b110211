import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { runGraph } from "../../test/onnxruntime.ts";
import { axisOf, shapes } from "../../test/op-cases/tensors.ts";
import {
  type Attributes,
  checkModel,
  float32,
  type Graph,
  int64,
  type Model,
  modelOf,
  raiseOpset,
  sizeOf,
  type Tensor,
} from "../index.ts";

interface Old {
  readonly shape: readonly number[];
  readonly attributes?: Attributes;
  /** Behind the first input, which is fed at run time. */
  readonly others?: readonly Tensor[];
  readonly outputs?: number;
}

const perAxis = (shape: readonly number[], values: fc.Arbitrary<number>) =>
  fc.array(values, { minLength: shape.length, maxLength: shape.length });

const chosenAxes = (shape: readonly number[]) =>
  fc.shuffledSubarray([...shape.keys()], { minLength: 1 }).map((axes) => axes.toSorted((a, b) => a - b));

const flattening = shapes(1, 4).chain((shape) =>
  fc
    .option(fc.nat(shape.length - 1), { nil: shape.length > 1 ? undefined : 0 })
    .map((axis): Old => ({ shape, attributes: axis === undefined ? {} : { axis } })),
);

const scaled = (byInput: boolean) =>
  fc
    .tuple(shapes(4, 4), fc.constantFrom("nearest", "linear"), fc.constantFrom(1, 2, 3))
    .map(([shape, mode, scale]): Old => {
      const scales = [1, 1, scale, 2];
      return byInput
        ? { shape, attributes: { mode }, others: [float32([4], scales)] }
        : { shape, attributes: { mode, scales } };
    });

const vectors = (...rows: readonly (readonly number[])[]) => rows.map((row) => float32([row.length], row));

/** Nodes in an operator set before the one that changed them. */
const CASES: readonly (readonly [op: string, opset: number, fc.Arbitrary<Old>])[] = [
  [
    "BatchNormalization",
    7,
    shapes(3, 4).map(
      ([batch = 1, , ...rest]): Old => ({
        shape: [batch, 2, ...rest],
        attributes: { spatial: 1, epsilon: 1e-3 },
        others: vectors([1, 2], [0.5, -1], [0.1, 0.2], [1, 3]),
      }),
    ),
  ],
  ["Clip", 7, shapes(1, 3).map((shape): Old => ({ shape, attributes: { min: -0.5, max: 0.25 } }))],
  ["Clip", 10, shapes(1, 3).map((shape): Old => ({ shape, attributes: { max: 0.25 } }))],
  ["Dropout", 7, shapes(1, 3).map((shape): Old => ({ shape, attributes: { ratio: 0.4 } }))],
  ["Dropout", 11, shapes(1, 3).map((shape): Old => ({ shape }))],
  ["LogSoftmax", 9, flattening],
  ["Softmax", 7, flattening],
  ["Softmax", 12, flattening],
  [
    "Pad",
    7,
    shapes(1, 3).chain((shape) =>
      fc
        .tuple(perAxis(shape, fc.nat(2)), perAxis(shape, fc.nat(2)), fc.constantFrom("constant", "edge"))
        .map(
          ([before, after, mode]): Old => ({ shape, attributes: { pads: [...before, ...after], mode, value: 1.5 } }),
        ),
    ),
  ],
  [
    "ReduceSum",
    11,
    shapes(1, 3).chain((shape) =>
      fc.option(chosenAxes(shape)).map((axes): Old => ({ shape, attributes: { ...(axes && { axes }), keepdims: 0 } })),
    ),
  ],
  ["Resize", 10, scaled(true)],
  ["Upsample", 7, scaled(false)],
  ["Upsample", 9, scaled(true)],
  [
    "Slice",
    7,
    shapes(2, 3).chain((shape) =>
      fc.boolean().map(
        (named): Old => ({
          shape,
          attributes: { starts: [0, -1], ends: [1, 9], ...(named && { axes: [1, 0] }) },
        }),
      ),
    ),
  ],
  [
    "Split",
    7,
    fc.tuple(shapes(1, 2), fc.boolean()).map(
      ([rest, named]): Old => ({
        shape: [4, ...rest],
        attributes: { axis: 0, ...(named && { split: [1, 3] }) },
        outputs: 2,
      }),
    ),
  ],
  ["Squeeze", 11, shapes(1, 2).map((rest): Old => ({ shape: [1, ...rest], attributes: { axes: [0] } }))],
  [
    "TopK",
    7,
    shapes(1, 2).chain((shape) => axisOf(1).map((): Old => ({ shape, attributes: { k: 1, axis: 0 }, outputs: 2 }))),
  ],
  ["Unsqueeze", 7, shapes(1, 2).map((shape): Old => ({ shape, attributes: { axes: [0, 2] } }))],
];

function modelWith(op: string, opset: number, { shape, attributes = {}, others = [], outputs = 1 }: Old): Model {
  const names = Array.from({ length: outputs }, (_, i) => `y${i}`);
  const initializers = new Map(others.map((tensor, i) => [`c${i}`, tensor]));
  const graph: Graph = {
    name: "old",
    inputs: [{ name: "x", dtype: "float32", shape }],
    outputs: names.map((name, i) => ({ name, dtype: op === "TopK" && i === 1 ? "int64" : "float32" })),
    initializers,
    nodes: [{ op, domain: "", name: "", inputs: ["x", ...initializers.keys()], outputs: names, attributes }],
    values: new Map(),
  };
  return modelOf(graph, { opsets: { "": opset } });
}

const dataOf = (shape: readonly number[]): Tensor =>
  float32(
    shape,
    Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i * 1.7)),
  );

describe("a node of an older operator set does the same in opset 17", () => {
  it.each(CASES)("%s of opset %i", async (op, opset, cases) => {
    await fc.assert(
      fc.asyncProperty(cases, async (drawn) => {
        const old = modelWith(op, opset, drawn);
        const raised = raiseOpset(old);
        expect(raised.opsets[""]).toBe(17);
        checkModel(raised);
        const feeds = new Map([["x", dataOf(drawn.shape)]]);
        expect(await runGraph(raised.graph, feeds, 17)).toEqual(await runGraph(old.graph, feeds, opset));
      }),
      { numRuns: 10 },
    );
  });
});

it("reads an open batch where it runs", async () => {
  const old = modelWith("Softmax", 11, { shape: [2, 3, 4], attributes: { axis: 1 } });
  const open = { ...old.graph, inputs: [{ name: "x", dtype: "float32" as const, shape: ["batch", 3, 4] }] };
  const raised = raiseOpset({ ...old, graph: open });
  const feeds = new Map([["x", dataOf([2, 3, 4])]]);
  expect(await runGraph(raised.graph, feeds, 17)).toEqual(await runGraph(open, feeds, 11));
});

it("leaves what has not changed, and newer models, as they are", () => {
  const shape = [2, 3];
  const newer = modelWith("Relu", 18, { shape });
  expect(raiseOpset(newer)).toBe(newer);
  const old = modelWith("Relu", 9, { shape });
  expect(raiseOpset(old).graph.nodes).toEqual(old.graph.nodes);
  const clip = modelWith("Clip", 12, { shape, others: [float32([], [0])] });
  expect(raiseOpset(clip).graph.nodes).toEqual(clip.graph.nodes);
});

it("takes initializers of old files out of the inputs", () => {
  const old = modelWith("Reshape", 8, { shape: [2, 3], others: [int64([1], [6])] });
  const listed = { ...old.graph, inputs: [...old.graph.inputs, { name: "c0", dtype: "int64" as const, shape: [1] }] };
  const raised = raiseOpset({ ...old, irVersion: 3, graph: listed });
  expect(raised.graph.inputs.map(({ name }) => name)).toEqual(["x"]);
  expect(raised.irVersion).toBe(8);
});

it("refuses what it cannot read or express", () => {
  expect(() => raiseOpset(modelWith("Relu", 6, { shape: [1] }))).toThrow(/opset 6; 7 is the oldest/);
  const apart = modelWith("BatchNormalization", 7, { shape: [1, 2, 3], attributes: { spatial: 0 } });
  expect(() => raiseOpset(apart)).toThrow(/spatial 0/);
});
