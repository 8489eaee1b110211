import { encodeModel, float32, GraphBuilder, type Model, modelOf, tensor } from "@glyphcast/onnx";
import { describe, expect, it } from "vitest";
import { CheckpointError, DivergedError } from "./errors.ts";
import {
  buildTrainStep,
  exponentialAverage,
  forwardWith,
  meanSquaredError,
  randomWords,
  softmaxCrossEntropy,
} from "./index.ts";
import { adamW } from "./optimisers/adam.ts";
import { sgd } from "./optimisers/sgd.ts";
import { encodeSafetensors } from "./safetensors.ts";
import { ort } from "./testing.ts";
import { TrainSession } from "./train-session.ts";

const words = randomWords(5);
const random = (size: number) => Float32Array.from({ length: size }, () => words() / 2 ** 31 - 1);

/** Two layers with batch normalisation and dropout between them: every kind of value that is carried on. */
function network(): Model {
  const g = new GraphBuilder("network");
  const x = g.input("x", "float32", ["batch", 5]);
  const hidden = g.op("MatMul", [x, g.initializer("w1", float32([5, 8], random(40)))]);
  const statistics = [g.initializer("gamma", float32([8], Array(8).fill(1)))];
  statistics.push(g.initializer("beta", float32([8], Array(8).fill(0))));
  statistics.push(g.initializer("mean", float32([8], Array(8).fill(0))));
  statistics.push(g.initializer("variance", float32([8], Array(8).fill(1))));
  const normal = g.ops("BatchNormalization", [hidden, ...statistics], { training_mode: 1 }, { name: "bn" }, 3)[0]!;
  const training = g.initializer("training", tensor("bool", [], Uint8Array.of(1)));
  const dropped = g.op("Dropout", [g.op("Relu", [normal]), g.floats(0.25), training], {}, { name: "drop" });
  g.output(
    g.op("Gemm", [
      dropped,
      g.initializer("w2", float32([8, 3], random(24))),
      g.initializer("b2", float32([3], [0, 0, 0])),
    ]),
    "logits",
  );
  return modelOf(g.build());
}

const model = network();
const step = buildTrainStep(model, {
  loss: softmaxCrossEntropy(),
  optimiser: adamW(),
  average: exponentialAverage(0.9),
  dims: { batch: 16 },
});
const batches = Array.from({ length: 12 }, () => ({
  x: random(80),
  labels: Uint8Array.from({ length: 16 }, () => words() % 3),
}));

async function trained(steps: number, seed = 1): Promise<TrainSession> {
  const session = await TrainSession.create(ort, step, { seed, intraOpNumThreads: 2 });
  await go(session, 0, steps);
  return session;
}

async function go(session: TrainSession, from: number, to: number): Promise<number[]> {
  const losses: number[] = [];
  for (const { x, labels } of batches.slice(from, to)) losses.push((await session.step({ x }, labels, 0.05)).loss);
  return losses;
}

describe("a training session", () => {
  it("lowers the loss", async () => {
    const session = await TrainSession.create(ort, step);
    const { x, labels } = batches[0]!;
    const losses: number[] = [];
    for (let i = 0; i < 60; i++) losses.push((await session.step({ x }, labels, 0.05)).loss);
    // Dropout makes single losses jump; sixteen random labels are learnt by heart all the same.
    const late = losses.slice(-10).reduce((sum, loss) => sum + loss, 0) / 10;
    expect(late).toBeLessThan(0.5 * losses[0]!);
    expect(session.steps).toBe(60);
  });

  it("ends in the same bytes for the same seed, and in others for another", async () => {
    const [one, same, other] = await Promise.all([trained(6), trained(6), trained(6, 2)]);
    expect(one!.checkpoint()).toEqual(same!.checkpoint());
    expect(one!.parameters().get("w1")).not.toEqual(other!.parameters().get("w1"));
  });

  it("resumed from a checkpoint ends in the same bytes as one never stopped", async () => {
    const whole = await trained(12);
    const resumed = await TrainSession.create(ort, step, { seed: 99 });
    resumed.restore((await trained(5)).checkpoint());
    expect(resumed.steps).toBe(5);
    await go(resumed, 5, 12);
    expect(resumed.checkpoint()).toEqual(whole.checkpoint());
  });

  it("keeps the last good values when the loss is no longer a number", async () => {
    const session = await trained(3);
    const before = session.checkpoint();
    const bad = batches[3]!.x.slice();
    bad[7] = Number.NaN;
    await expect(session.step({ x: bad }, batches[3]!.labels, 0.05)).rejects.toMatchObject({
      code: "DIVERGED",
      step: 3,
      tensor: "x",
      origin: { element: 7, node: undefined },
    });
    expect(session.checkpoint()).toEqual(before);
    await expect(session.step({ x: bad }, batches[3]!.labels, 0.05)).rejects.toBeInstanceOf(DivergedError);
  });

  it("names the node that made the first infinity", async () => {
    const g = new GraphBuilder("overflow");
    const x = g.input("x", "float32", [1, 3]);
    const grown = g.op("Exp", [g.op("Mul", [x, g.initializer("w", float32([3], [1, 100, 1]))])], {}, { name: "grow" });
    // The maximum's padding is an infinity too, but leads to nothing bad.
    const padded = g.op("Pad", [grown, g.ints([0, 0, 0, 1]), g.floats(Number.NEGATIVE_INFINITY)]);
    const largest = g.op("ReduceMax", [padded], { axes: [1], keepdims: 1 });
    g.output(g.op("Sub", [g.op("Mul", [largest, g.floats(2)]), largest], {}, { name: "late" }), "y");
    const overflowing = buildTrainStep(modelOf(g.build()), { loss: meanSquaredError(), optimiser: sgd() });
    const session = await TrainSession.create(ort, overflowing);
    const before = session.checkpoint();
    const error = await session.step({ x: [0, 1, 0] }, Float32Array.of(1), 0.1).catch((error) => error);
    expect(error).toBeInstanceOf(DivergedError);
    expect(error.origin).toMatchObject({ node: 'Exp "grow"', element: 1, value: Number.POSITIVE_INFINITY });
    expect(error.message).toMatch(
      /Step 0: the loss is NaN, and ".*" went bad first: Infinity at element 1, which Exp "grow" made/,
    );
    expect(session.checkpoint()).toEqual(before);
  });

  it("takes no step that would leave a parameter without a number, though the loss has one", async () => {
    const g = new GraphBuilder("edge");
    const w = g.initializer("w", float32([2], [0, 1]));
    // The slope of a root is infinite at 0.
    g.output(g.op("Sqrt", [g.op("Abs", [w])], {}, { name: "root" }), "y");
    const step = buildTrainStep(modelOf(g.build()), { loss: meanSquaredError(), optimiser: sgd() });
    const session = await TrainSession.create(ort, step);
    await expect(session.step({}, Float32Array.of(1, 1), 0.1)).rejects.toMatchObject({ code: "DIVERGED", loss: 0.5 });
    expect(session.parameters().get("w")!.data).toEqual(Float32Array.of(0, 1));
    expect(session.steps).toBe(0);
  });

  it("refuses checkpoints of other steps and stays as it was", async () => {
    const session = await trained(2);
    const before = session.checkpoint();
    const g = new GraphBuilder("other");
    g.output(g.op("MatMul", [g.input("x", "float32", [16, 5]), g.initializer("w1", float32([5, 3], random(15)))]), "y");
    const other = await TrainSession.create(
      ort,
      buildTrainStep(modelOf(g.build()), { loss: meanSquaredError(), optimiser: sgd() }),
    );
    expect(() => session.restore(other.checkpoint())).toThrow(
      expect.objectContaining({ code: "CHECKPOINT", tensor: "w1" }),
    );
    expect(() => other.restore(before)).toThrow(CheckpointError);
    expect(() => session.restore(before.subarray(0, 1000))).toThrow(CheckpointError);
    expect(() => session.restore(encodeSafetensors({ tensors: new Map(), metadata: {} }))).toThrow(CheckpointError);
    expect(session.checkpoint()).toEqual(before);
  });

  it("names a data input that is missing, and one of another size", async () => {
    const session = await trained(0);
    await expect(session.step({}, batches[0]!.labels, 0.05)).rejects.toMatchObject({
      code: "UNKNOWN_VALUE",
      value: "x",
    });
    await expect(session.step({ x: random(79) }, batches[0]!.labels, 0.05)).rejects.toThrow(
      /"x" holds 80 values .*found 79/,
    );
  });

  it("refuses class ids that are none, bytes and bigints alike", async () => {
    const session = await trained(0);
    const labels = batches[0]!.labels.with(4, 3);
    const refused = { code: "LABEL", message: expect.stringMatching(/^Label 4 is 3, expected a class id from 0 to 2/) };
    await expect(session.step({ x: batches[0]!.x }, labels, 0.05)).rejects.toMatchObject(refused);
    const wide = BigInt64Array.from(labels, (id) => BigInt(id));
    await expect(session.step({ x: batches[0]!.x }, wide, 0.05)).rejects.toMatchObject(refused);
    expect(session.steps).toBe(0);
  });

  it("gives an old graph back in its own operator set", async () => {
    const g = new GraphBuilder("old", 9);
    const statistics = [1, 0, 0, 1].map((value, i) => g.initializer(`s${i}`, float32([3], Array(3).fill(value))));
    const x = g.op("MatMul", [g.input("x", "float32", [2, 3]), g.initializer("w", float32([3, 3], random(9)))]);
    g.output(g.op("Dropout", [g.op("BatchNormalization", [x, ...statistics])], { ratio: 0.5 }), "y");
    const old = modelOf(g.build(), { opsets: { "": 9 } });
    const session = await TrainSession.create(ort, buildTrainStep(old, { loss: meanSquaredError(), optimiser: sgd() }));
    await session.step({ x: [1, 2, 3, 4, 5, 6] }, new Float32Array(6), 0.1);
    const { prediction } = await session.step({ x: [1, 2, 3, 4, 5, 6] }, new Float32Array(6), 0);
    const inference = await ort.InferenceSession.create(encodeModel(forwardWith(old, session.parameters())));
    const { y } = await inference.run({ x: new ort.Tensor("float32", Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]) });
    expect(y!.data as Float32Array).toBeAllClose(prediction, { rtol: 1e-5, atol: 1e-6 });
  });

  it("gives the trained graph back for inference", async () => {
    const session = await trained(12);
    const inference = forwardWith(model, session.parameters());
    const run = async (input: Float32Array) => {
      const ready = await ort.InferenceSession.create(encodeModel(inference), { logSeverityLevel: 3 });
      return (await ready.run({ x: new ort.Tensor("float32", input, [input.length / 5, 5]) })).logits!
        .data as Float32Array;
    };
    const all = await run(batches[0]!.x);
    // Neither dropout nor batch statistics are left: an image's answer does not depend on its batch.
    expect(await run(batches[0]!.x.slice(0, 5))).toBeAllClose(all.slice(0, 3), { rtol: 1e-5 });
    expect(session.parameters().get("mean")!.data).not.toEqual(new Float32Array(8));
    expect(session.averages().get("w1")).not.toEqual(session.parameters().get("w1"));
  });
});
