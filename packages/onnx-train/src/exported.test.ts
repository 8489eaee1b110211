import { readFile } from "node:fs/promises";
import { decodeModel, encodeModel, type Model, type Tensor } from "@glyphcast/onnx";
import { describe, expect, it } from "vitest";
import { softmaxCrossEntropy } from "./losses/softmax-cross-entropy.ts";
import { adamW } from "./optimisers/adam.ts";
import { ort } from "./testing.ts";
import { forwardWith, TrainSession } from "./train-session.ts";
import { buildTrainStep, type TrainStepOptions } from "./train-step.ts";

interface Expected {
  readonly x: readonly number[];
  readonly labels: readonly number[];
  readonly loss: number;
  readonly gradients: Readonly<Record<string, readonly number[]>>;
}

const NAMES = ["mobile", "transformer", "lstm", "gru", "hourglass", "medley"];
const BATCH = 4;

async function load(name: string): Promise<{ model: Model; expected: Expected }> {
  const folder = new URL("../fixtures/exported/", import.meta.url);
  const model = decodeModel(await readFile(new URL(`${name}.onnx`, folder)));
  return { model, expected: JSON.parse(await readFile(new URL(`${name}.json`, folder), "utf8")) };
}

const stepOf = (model: Model, options: Partial<TrainStepOptions> = {}) =>
  buildTrainStep(model, {
    loss: softmaxCrossEntropy(),
    optimiser: adamW({ weightDecay: 0 }),
    dims: { batch: BATCH },
    ...options,
  });

const ortTensor = ({ dtype, shape, data }: Tensor) => new ort.Tensor(dtype as "float32", data as Float32Array, shape);

describe.each(NAMES)("%s, as PyTorch exports it", (name) => {
  it("has PyTorch's loss and gradients", async () => {
    const { model, expected } = await load(name);
    const step = stepOf(model, { gradients: true });
    const session = await ort.InferenceSession.create(encodeModel(step.model), { logSeverityLevel: 3 });
    const data = step.inputs.find(({ role }) => role === "data")!;
    const x = data.dtype === "int64" ? BigInt64Array.from(expected.x, BigInt) : Float32Array.from(expected.x);
    const results = await session.run({
      x: new ort.Tensor(data.dtype as "float32", x as Float32Array, data.shape),
      labels: new ort.Tensor("int64", BigInt64Array.from(expected.labels, BigInt), [BATCH]),
      learningRate: new ort.Tensor("float32", Float32Array.of(0), []),
      ...Object.fromEntries(Array.from(step.initial, ([name, tensor]) => [name, ortTensor(tensor)])),
    });
    await session.release();
    // float32 on both sides, through up to a hundred nodes.
    const tolerance = { rtol: 1e-4, atol: 1e-5 };
    expect(results.loss!.data as Float32Array).toBeAllClose([expected.loss], tolerance);
    for (const [parameter, gradient] of Object.entries(expected.gradients))
      expect(results[`${parameter}:gradient`]!.data as Float32Array).toBeAllClose(gradient, tolerance);
  });

  it("can be fine-tuned at its head alone, and given back", async () => {
    const { model, expected } = await load(name);
    const step = stepOf(model, { trainable: (parameter) => parameter.startsWith("head.") });
    expect(step.inputs.filter(({ role }) => role === "parameter").map(({ name }) => name)).toEqual([
      "head.weight",
      "head.bias",
    ]);
    const session = await TrainSession.create(ort, step, { sessionOptions: { logSeverityLevel: 3 } });
    const labels = Uint8Array.from(expected.labels);
    for (let i = 0; i < 30; i++) await session.step({ x: expected.x }, labels, 0.05);
    const { loss, prediction } = await session.step({ x: expected.x }, labels, 0);
    expect(loss).toBeLessThan(0.8 * expected.loss);

    const inference = await ort.InferenceSession.create(encodeModel(forwardWith(model, session.parameters())), {
      logSeverityLevel: 3,
    });
    const { dtype, shape } = step.inputs.find(({ role }) => role === "data")!;
    const x = dtype === "int64" ? BigInt64Array.from(expected.x, BigInt) : Float32Array.from(expected.x);
    const { logits } = await inference.run({ x: new ort.Tensor(dtype as "float32", x as Float32Array, shape) });
    expect(logits!.data as Float32Array).toBeAllClose(prediction, { rtol: 1e-4, atol: 1e-4 });
    await Promise.all([session.release(), inference.release()]);
  });
});
