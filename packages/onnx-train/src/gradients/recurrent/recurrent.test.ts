import { type Attributes, float32, GraphBuilder, modelOf, type Tensor, tensor } from "@glyphcast/onnx";
import { describe, expect, it } from "vitest";
import {
  type Comparison,
  type Composition,
  compareWithDifferences,
  differentiate,
  type OpCase,
} from "../../../test/numeric.ts";
import { spread } from "../../../test/values.ts";
import { buildTrainStep, meanSquaredError, sgd, TrainSession, type TrainStep } from "../../index.ts";
import { ort } from "../../testing.ts";

const GATES = { LSTM: 4, GRU: 3, RNN: 1 };
type Op = keyof typeof GATES;
const OPS = Object.keys(GATES) as Op[];

const [steps, batch, features, hidden] = [3, 2, 4, 5];

/** Inputs of a recurrent node by their positions. */
function inputsOf(op: Op, directions = 1): (Tensor | undefined)[] {
  const gates = GATES[op] * hidden;
  const [x, w, r, b, ...initial] = spread(
    [
      [steps, batch, features],
      [directions, gates, features],
      [directions, gates, hidden],
      [directions, 2 * gates],
      ...Array<number[]>(op === "LSTM" ? 2 : 1).fill([directions, batch, hidden]),
    ],
    1,
  );
  return [x, w, r, b, undefined, ...initial];
}

const build = (g: GraphBuilder): TrainStep =>
  buildTrainStep(modelOf(g.build()), { loss: meanSquaredError(), optimiser: sgd() });

function stepOf(op: Op, inputs: readonly (Tensor | undefined)[], attributes: Attributes): TrainStep {
  const g = new GraphBuilder("net");
  const names = inputs.map((input, i) => (input ? g.initializer(`input${i}`, input) : ""));
  g.output(g.op(op, names, { hidden_size: hidden, ...attributes }), "y");
  return build(g);
}

describe.each(OPS)("%s", (op) => {
  it("takes the batch first, which onnxruntime itself cannot run", async () => {
    const stepped = await Promise.all(
      [0, 1].map(async (layout) => {
        const session = await TrainSession.create(ort, build(bothWays(op, layout)));
        const { loss } = await session.step({}, new Float32Array(outputSize(op)), 1);
        const parameters = session.parameters();
        await session.release();
        return { loss, parameters };
      }),
    );
    const [plain, batchFirst] = stepped;
    expect(batchFirst!.loss).toBeCloseTo(plain!.loss, 6);
    for (const [name, { data }] of plain!.parameters)
      expect(batchFirst!.parameters.get(name)!.data as Float32Array).toBeAllClose(data as Float32Array, {
        // The same products, summed in the same order.
        rtol: 1e-6,
        atol: 1e-7,
      });
  });

  const activations = { LSTM: ["Tanh", "Tanh"], GRU: ["Tanh"], RNN: [] }[op];
  it.each<[string, Attributes, RegExp]>([
    ["clip", { clip: 1 }, /clip has no gradient/],
    ["an unknown activation", { activations: ["Sine", ...activations] }, /activation Sine; it can be .* Affine, Elu/],
    [
      "an activation that lacks its numbers",
      { activations: ["Affine", ...activations] },
      /Affine without activation_a/,
    ],
    ["too many activations", { activations: ["Tanh", "Tanh", "Tanh", "Tanh"] }, /4 activations .* are given, expected/],
  ])("refuses %s by its name", (_, attributes, message) => {
    expect(() => stepOf(op, inputsOf(op), attributes)).toThrow(message);
  });

  it("refuses a sequence of no length", () => {
    const lengths = tensor("int32", [batch], Int32Array.of(0, 2));
    expect(() => stepOf(op, inputsOf(op).with(4, lengths), {})).toThrow(/sequence_lens 0, 2, expected 1 to 3/);
  });

  it("refuses lengths that are only known when it runs", () => {
    const g = new GraphBuilder("net");
    const names = inputsOf(op).map((input, i) => (input ? g.initializer(`input${i}`, input) : ""));
    const lengths = g.input("lengths", "int32", [batch]);
    g.output(g.op(op, names.with(4, lengths), { hidden_size: hidden }), "y");
    expect(() => build(g)).toThrow(/sequence_lens \("lengths"\) must be a constant/);
  });
});

describe("RNN of each activation", () => {
  const kinds: [string, Attributes, (g: GraphBuilder, x: string) => string][] = [
    ["Affine", { activation_alpha: [0.5], activation_beta: [0.25] }, affine],
    ["Elu", { activation_alpha: [0.7] }, (g, x) => g.op("Elu", [x], { alpha: 0.7 })],
    ["HardSigmoid", {}, (g, x) => g.op("HardSigmoid", [x])],
    ["HardSigmoid", { activation_alpha: [0.4], activation_beta: [0.3] }, hardSigmoid],
    ["LeakyRelu", { activation_alpha: [0.2] }, (g, x) => g.op("LeakyRelu", [x], { alpha: 0.2 })],
    ["Relu", {}, (g, x) => g.op("Relu", [x])],
    ["ScaledTanh", { activation_alpha: [1.5], activation_beta: [0.5] }, scaledTanh],
    ["Sigmoid", {}, (g, x) => g.op("Sigmoid", [x])],
    ["Softplus", {}, (g, x) => g.op("Softplus", [x])],
    ["Softsign", {}, (g, x) => g.op("Softsign", [x])],
    ["Tanh", {}, (g, x) => g.op("Tanh", [x])],
  ];

  it.each(kinds)("%s %j: gives what the same steps give when they are written out", async (name, given, bend) => {
    const inputs = inputsOf("RNN").map(
      (input) =>
        input &&
        float32(
          input.shape,
          (input.data as Float32Array).map((x) => 1.5 * x),
        ),
    );
    const one: OpCase = { op: "RNN", inputs, attributes: { hidden_size: hidden, activations: [name], ...given } };
    const [whole, apart] = await differentiate([one, { op: writtenOut(bend), inputs }]);
    const tolerance = { rtol: 1e-5, atol: 1e-5 };
    expect(whole!.outputs).toBeAllClose(apart!.outputs, tolerance);
    for (const [input, gradient] of apart!.gradients)
      expect(whole!.gradients.get(input)!).toBeAllClose(gradient, tolerance);
    // And onnxruntime's own operator means the same.
    const [{ numeric }] = (await compareWithDifferences([one], 1e-2)) as [Comparison];
    expect(numeric.outputs).toBeAllClose(apart!.outputs, tolerance);
  });
});

const affine = (g: GraphBuilder, x: string): string => g.op("Add", [g.op("Mul", [x, g.floats(0.5)]), g.floats(0.25)]);

const hardSigmoid = (g: GraphBuilder, x: string): string => g.op("HardSigmoid", [x], { alpha: 0.4, beta: 0.3 });

const scaledTanh = (g: GraphBuilder, x: string): string =>
  g.op("Mul", [g.op("Tanh", [g.op("Mul", [x, g.floats(0.5)])]), g.floats(1.5)]);

/** All steps of a forward RNN, by operators that are trained through on their own. */
const writtenOut =
  (bend: (g: GraphBuilder, x: string) => string): Composition =>
  (g, [x = "", w = "", r = "", b = "", , initial = ""]) => {
    const drop = (value: string) => g.op("Squeeze", [value, g.ints([0])]);
    const [wb, rb] = g.ops("Split", [b, g.ints([hidden, hidden])], { axis: 1 }, {}, 2);
    let h = drop(initial);
    const all = g.ops("Split", [x, g.ints(Array(steps).fill(1))], { axis: 0 }, {}, steps).map((step) => {
      const fromInput = g.op("Gemm", [drop(step), drop(w), drop(wb!)], { transB: 1 });
      const fromState = g.op("Gemm", [h, drop(r), drop(rb!)], { transB: 1 });
      h = bend(g, g.op("Add", [fromInput, fromState]));
      return g.op("Unsqueeze", [h, g.ints([0, 1])]);
    });
    return g.op("Concat", all, { axis: 0 });
  };

it("refuses LSTM's peepholes and input_forget", () => {
  const peepholes = float32([1, 3 * hidden], Array(3 * hidden).fill(0));
  expect(() => stepOf("LSTM", [...inputsOf("LSTM"), peepholes], {})).toThrow(/peepholes/);
  expect(() => stepOf("LSTM", inputsOf("LSTM"), { input_forget: 1 })).toThrow(/input_forget/);
});

const outputSize = (op: Op): number => 2 * batch * hidden * (steps + (op === "LSTM" ? 2 : 1));

/** A bidirectional node in either layout, between Transposes where it is the batch that comes first. */
function bothWays(op: Op, layout: number): GraphBuilder {
  const g = new GraphBuilder("net");
  const turn = (value: string, perm: readonly number[]) => (layout ? g.op("Transpose", [value], { perm }) : value);
  const names = inputsOf(op, 2).map((input, i) => {
    if (!input) return "";
    const name = g.initializer(`input${i}`, input);
    return i === 0 || i > 4 ? turn(name, [1, 0, 2]) : name;
  });
  const attributes = { hidden_size: hidden, direction: "bidirectional", layout };
  const [all = "", ...last] = g.ops(op, names, attributes, {}, op === "LSTM" ? 3 : 2);
  const outputs = [turn(all, [1, 2, 0, 3]), ...last.map((value) => turn(value, [1, 0, 2]))];
  g.output(
    g.op(
      "Concat",
      outputs.map((value) => g.op("Reshape", [value, g.ints([-1])])),
      { axis: 0 },
    ),
    "y",
  );
  return g;
}
