import {
  type Attributes,
  float32,
  type Graph,
  GraphBuilder,
  modelOf,
  type OpOptions,
  type Tensor,
} from "@glyphcast/onnx";
import { describe, expect, it } from "vitest";
import { NoGradientError } from "./errors.ts";
import { meanSquaredError, sgd } from "./index.ts";
import type { Loss } from "./losses/loss.ts";
import { ort } from "./testing.ts";
import { TrainSession } from "./train-session.ts";
import { buildTrainStep, type TrainStep, type TrainStepOptions } from "./train-step.ts";

const [FLOAT, DOUBLE] = [1, 11];

/** The sum of all elements: every gradient is 1 where it starts. */
const sum: Loss = {
  name: "sum",
  labels: () => ({ dtype: "float32", shape: [] }),
  emit: (g, prediction) => {
    const shape = g.shape(prediction);
    return { value: g.sum(prediction, [...shape.keys()]), gradient: g.filled(shape, 1) };
  },
};

interface Built extends Partial<TrainStepOptions> {
  readonly opset?: number;
}

/** The step of a graph of x: [2, 3], a weight w: [3] and what `draw` makes of them. */
function stepOf(
  draw: (g: GraphBuilder, x: string, w: string) => string,
  { opset = 17, ...options }: Built = {},
): TrainStep {
  const g = new GraphBuilder("net", opset);
  const x = g.input("x", "float32", [2, 3]);
  const w = g.initializer("w", float32([3], [1, 2, 3]));
  g.output(draw(g, x, w), "y");
  return buildTrainStep(modelOf(g.build(), { opsets: { "": opset } }), { loss: sum, optimiser: sgd(), ...options });
}

/** The gradient of each parameter: how far one step at rate 1 moves it down. */
async function gradientsOf(
  step: TrainStep,
  x: readonly number[] = [1, 2, 3, 4, 5, 6],
): Promise<Record<string, number[]>> {
  const session = await TrainSession.create(ort, step);
  await session.step({ x }, Float32Array.of(0), 1);
  const moved = Array.from(session.parameters(), ([name, { data }]) => {
    const before = step.initial.get(name)!.data as Float32Array;
    return [name, Array.from(data as Float32Array, (after, i) => before[i]! - after)] as const;
  });
  await session.release();
  return Object.fromEntries(moved);
}

describe("gradients", () => {
  it("of a value that is used twice are summed", async () => {
    const step = stepOf((g, x, w) => {
      const scaled = g.op("Mul", [x, w]);
      return g.op("Add", [g.op("Mul", [scaled, g.floats(10)]), scaled]);
    });
    expect(await gradientsOf(step)).toEqual({ w: [55, 77, 99] });
  });

  it("of an initializer that is used twice are summed, by one node too", async () => {
    // d/dw Σ (x·w)·(w·w) = Σx·3w²
    const step = stepOf((g, x, w) => g.op("Mul", [g.op("Mul", [x, w]), g.op("Mul", [w, w])]));
    expect(await gradientsOf(step)).toEqual({ w: [5 * 3, 7 * 12, 9 * 27] });
  });

  it("do not pass through integers", async () => {
    const step = stepOf((g, x, w) => {
      const scaled = g.op("Mul", [x, w]);
      const rounded = g.op("Cast", [g.op("Cast", [scaled], { to: 6 })], { to: FLOAT });
      return g.op("Add", [scaled, rounded]);
    });
    expect(await gradientsOf(step)).toEqual({ w: [5, 7, 9] });
  });

  it("come to a value along the paths that have some, past those that end in an index", async () => {
    const step = stepOf((g, x, w) => {
      const scaled = g.op("Mul", [x, w]);
      const largest = g.op("ArgMax", [scaled], { axis: 1, keepdims: 1 });
      return g.op("GatherElements", [scaled, largest], { axis: 1 });
    });
    expect(await gradientsOf(step)).toEqual({ w: [0, 0, 9] });
  });

  it("are not computed for what the loss does not read", () => {
    const step = stepOf(
      (g, x, w) => {
        const other = g.initializer("other", float32([3], [1, 1, 1]));
        g.output(g.op("Round", [g.op("Mul", [x, other])]), "unread");
        const scaled = g.op("Mul", [x, w]);
        const [kept] = g.ops("Split", [scaled, g.ints([2, 1])], { axis: 1 }, {}, 2);
        return kept!;
      },
      { prediction: "y" },
    );
    expect(step.inputs.filter(({ role }) => role === "parameter").map(({ name }) => name)).toEqual(["w"]);
    expect(step.model.graph.nodes.map(({ op }) => op)).not.toContain("Round");
  });

  it("pass through a wider float and back", async () => {
    const step = stepOf((g, x, w) => {
      const wide = g.op("Cast", [g.op("Mul", [x, w])], { to: DOUBLE });
      return g.op("Cast", [wide], { to: FLOAT });
    });
    expect(await gradientsOf(step)).toEqual({ w: [5, 7, 9] });
  });

  it("do not need a rule where no parameter lies before", async () => {
    const step = stepOf((g, x, w) => g.op("Mul", [g.op("Round", [x]), w]));
    expect(await gradientsOf(step, [0.9, 2, 3, 4.1, 5, 6])).toEqual({ w: [5, 7, 9] });
  });
});

describe("a graph that cannot be trained is refused:", () => {
  it("an operator in another float than float32", () => {
    const build = () =>
      stepOf((g, x, w) => {
        const wide = g.op("Cast", [g.op("Mul", [x, w])], { to: DOUBLE });
        return g.op("Cast", [g.op("Exp", [wide], {}, { name: "grow" })], { to: FLOAT });
      });
    expect(build).toThrow(expect.objectContaining({ code: "NO_GRADIENT", op: 'Exp "grow" in float64' }));
  });

  it("an operator without a rule, with the path from the loss to it", () => {
    const build = () =>
      stepOf((g, x, w) => {
        const steps = g.op("Round", [g.op("Mul", [x, w])], {}, { name: "steps" });
        return g.op("Neg", [g.op("Add", [steps, x], {}, { name: "sum" })], {}, { name: "turn", outputs: ["y"] });
      });
    expect(build).toThrow(NoGradientError);
    expect(build).toThrow(
      expect.objectContaining({ op: 'Round "steps"', path: ["loss", 'Neg "turn"', 'Add "sum"', 'Round "steps"'] }),
    );
  });

  it.each<[string, () => TrainStep, Record<string, unknown>]>([
    [
      "a prediction that is not there",
      () => stepOf(scaled, { prediction: "z" }),
      { code: "UNKNOWN_VALUE", value: "z" },
    ],
    [
      "an extent for a dimension that is not there",
      () => stepOf(scaled, { dims: { N: 3 } }),
      { code: "UNKNOWN_VALUE", value: "N" },
    ],
    ["nothing trainable", () => stepOf(scaled, { trainable: () => false }), { code: "NOTHING_TO_TRAIN" }],
    ["no path from the loss to a parameter", () => stepOf(indexed), { code: "NOTHING_TO_TRAIN" }],
    [
      "a prediction of integers",
      () => stepOf((g, x, w) => g.op("ArgMax", [scaled(g, x, w)])),
      { code: "PREDICTION_TYPE" },
    ],
    ["an old operator set", () => stepOf(scaled, { opset: 6 }), { code: "OPSET" }],
    ["a shape that depends on elements", () => stepOf(selected), { code: "DYNAMIC_SHAPE" }],
    [
      "an input named like one of the step",
      () => build((g) => g.input("labels", "float32", [3])),
      { code: "NAME_TAKEN" },
    ],
    ["an input without a shape", shapeless, { code: "UNKNOWN_SHAPE", value: "x" }],
    [
      "a dimension without an extent",
      () => build((g) => g.input("x", "float32", ["N", 3])),
      { code: "DYNAMIC_SHAPE", value: "x", dimension: "N" },
    ],
    ["an operator of another domain", foreign, { code: "UNKNOWN_SHAPE", node: expect.stringContaining('Gelu "act"') }],
    [
      "a branch that reads what is outside",
      branching,
      { code: "UNSUPPORTED", message: /If "choose": its subgraphs read "x"/ },
    ],
    [
      "running statistics that two normalisations share",
      () => stepOf(sharing),
      {
        code: "UNSUPPORTED",
        message: /BatchNormalization "second": its running statistic "mean" is not an initializer/,
      },
    ],
    [
      "a mask that is switched when it runs",
      () => build(switched),
      { code: "UNSUPPORTED", message: /training_mode is computed at run time/ },
    ],
  ])("%s", (_, make, { message, ...fields }) => {
    expect(make).toThrow(
      expect.objectContaining({
        ...fields,
        ...(message !== undefined && { message: expect.stringMatching(message as RegExp) }),
      }),
    );
  });
});

it("reads graphs of opset 7 and newer as they were meant, and writes opset 17", async () => {
  const step = stepOf(
    (g, x, w) => {
      // Both axes are taken as one, and bounds are attributes.
      const shares = g.op("Softmax", [g.op("Mul", [x, w])], { axis: 0 });
      const [first, second] = g.ops("Split", [shares], { axis: 0 }, {}, 2);
      return g.op("Clip", [g.op("Sub", [first!, second!])], { min: -0.5, max: 0.5 });
    },
    { opset: 9, trainable: () => true },
  );
  expect(step.model.opsets).toEqual({ "": 17 });
  expect([...step.initial.keys()]).toEqual(["w"]);
  const x = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6];
  // By hand: s = softmax(z) over all six, Σ ±s is clipped nowhere, d/dzᵢ = sᵢ·(±1 − Σ ±s).
  const z = x.map((value, i) => value * ((i % 3) + 1));
  const total = z.reduce((sum, value) => sum + Math.exp(value), 0);
  const s = z.map((value) => Math.exp(value) / total);
  const sign = (i: number) => (i < 3 ? 1 : -1);
  const mean = s.reduce((sum, value, i) => sum + sign(i) * value, 0);
  const dz = s.map((value, i) => value * (sign(i) - mean));
  const { w } = await gradientsOf(step, x);
  expect(w!).toBeAllClose(
    [0, 1, 2].map((i) => dz[i]! * x[i]! + dz[i + 3]! * x[i + 3]!),
    { rtol: 1e-4, atol: 1e-6 },
  );
});

it("keeps what no gradient reaches as constants", async () => {
  const step = stepOf((g, x, w) => {
    const scales = g.initializer("scales", float32([4], [1, 1, 1, 2]));
    const image = g.op("Reshape", [g.op("Mul", [x, w]), g.ints([1, 1, 2, 3])]);
    const wide = g.op("Resize", [image, "", scales], { mode: "nearest" });
    const order = g.op("ArgMax", [g.initializer("order", float32([1, 2], [3, 4]))], { axis: 1 });
    return g.op("Mul", [wide, g.op("Cast", [order], { to: FLOAT })]);
  });
  expect(step.inputs.filter(({ role }) => role === "parameter").map(({ name }) => name)).toEqual(["w"]);
  expect([...step.initial.keys()]).toEqual(["w"]);
  expect(await gradientsOf(step)).toEqual({ w: [10, 14, 18] });
});

it("binds dynamic dimensions by their names", () => {
  const step = build((g) => g.input("x", "float32", ["N", 3]), { dims: { N: 4 } });
  expect(step.inputs.find(({ role }) => role === "data")).toMatchObject({ name: "x", shape: [4, 3] });
});

/** The step of a graph that multiplies what `start` makes by a weight. */
function build(start: (g: GraphBuilder) => string, options: Partial<TrainStepOptions> = {}): TrainStep {
  const g = new GraphBuilder("net");
  const x = start(g);
  g.output(g.op("Mul", [x, g.initializer("w", float32([3], [1, 2, 3]))]), "y");
  return buildTrainStep(modelOf(g.build()), { loss: meanSquaredError(), optimiser: sgd(), ...options });
}

function shapeless(): TrainStep {
  const g = new GraphBuilder("net");
  g.output(scaled(g, g.input("x", "float32", [3]), g.initializer("w", float32([3], [1, 2, 3]))), "y");
  const model = modelOf(g.build());
  const inputs = model.graph.inputs.map(({ name, dtype }) => ({ name, dtype }));
  return buildTrainStep({ ...model, graph: { ...model.graph, inputs } }, { loss: sum, optimiser: sgd() });
}

function scaled(g: GraphBuilder, x: string, w: string): string {
  return g.op("Mul", [x, w]);
}

function indexed(g: GraphBuilder, x: string, w: string): string {
  return g.op("Cast", [g.op("ArgMax", [scaled(g, x, w)])], { to: FLOAT });
}

function selected(g: GraphBuilder, x: string, w: string): string {
  const places = g.op("Transpose", [g.op("NonZero", [x])], { perm: [1, 0] });
  return g.op("GatherND", [scaled(g, x, w), places]);
}

/** The step of a graph whose last node is one that nothing infers the shape of. */
function endingIn(op: string, inputs: (g: GraphBuilder) => string[], attributes: Attributes, options: OpOptions) {
  const g = new GraphBuilder("net");
  g.output(g.op(op, inputs(g), attributes, options), "y", { dtype: "float32", shape: [3] });
  return buildTrainStep(modelOf(g.build()), { loss: sum, optimiser: sgd() });
}

function foreign(): TrainStep {
  const weight = (g: GraphBuilder) => [g.initializer("w", float32([3], [1, 2, 3]))];
  return endingIn("Gelu", weight, {}, { name: "act", domain: "com.microsoft" });
}

function branching(): TrainStep {
  const branch = (op: string): Graph => ({
    name: op,
    inputs: [],
    outputs: [{ name: `${op}:out`, dtype: "float32", shape: [3] }],
    initializers: new Map<string, Tensor>(),
    nodes: [{ op, domain: "", name: op, inputs: ["x"], outputs: [`${op}:out`], attributes: {} }],
    values: new Map(),
  });
  const condition = (g: GraphBuilder) => {
    g.input("x", "float32", [3]);
    return [g.input("condition", "bool", [])];
  };
  return endingIn("If", condition, { then_branch: branch("Neg"), else_branch: branch("Abs") }, { name: "choose" });
}

function sharing(g: GraphBuilder, x: string, w: string): string {
  const [mean, variance] = ["mean", "variance"].map((name) => g.initializer(name, float32([3], [1, 1, 1])));
  const normal = (value: string, name: string) =>
    g.ops("BatchNormalization", [value, w, w, mean!, variance!], { training_mode: 1 }, { name }, 3)[0]!;
  return normal(normal(x, "first"), "second");
}

function switched(g: GraphBuilder): string {
  const x = g.initializer("dropped", float32([3], [1, 1, 1]));
  return g.op("Dropout", [x, g.floats(0.5), g.input("training", "bool", [])]);
}
