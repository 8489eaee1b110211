import { type Attributes, float32, GraphBuilder, modelOf, type Tensor, tensor } from "@glyphcast/onnx";
import { describe, expect, it } from "vitest";
import { spread } from "../../../test/values.ts";
import { buildTrainStep, meanSquaredError, sgd, TrainSession, type TrainStep } from "../../index.ts";
import { ort } from "../../testing.ts";

type Op = "LSTM" | "GRU";
const OPS: readonly Op[] = ["LSTM", "GRU"];

const [steps, batch, features, hidden] = [3, 2, 4, 5];

/** Inputs of a recurrent node by their positions. */
function inputsOf(op: Op, directions = 1): (Tensor | undefined)[] {
  const gates = (op === "LSTM" ? 4 : 3) * hidden;
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

  const activations = op === "LSTM" ? ["Relu", "Tanh", "Tanh"] : ["Relu", "Tanh"];
  it.each<[string, Attributes, RegExp]>([
    ["clip", { clip: 1 }, /clip has no gradient/],
    ["other activations", { activations }, /activations Relu, Tanh.* can be trained with Sigmoid, Tanh/],
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
