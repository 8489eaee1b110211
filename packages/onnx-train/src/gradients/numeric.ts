import { encodeModel, type Model, sizeOf, type Tensor } from "@glyphcast/onnx";
import type { Tensor as OrtTensor } from "onnxruntime-common";
import type { Loss } from "../losses/loss.ts";
import type { Transform } from "../optimisers/transform.ts";
import type { OnnxRuntime } from "../train-session.ts";
import { buildTrainStep } from "../train-step.ts";

/** Σ weights · prediction: its gradient with respect to the prediction is the weights themselves. */
export const weightedSum: Loss = {
  name: "weighted-sum",
  labels: (shape) => ({ dtype: "float32", shape }),
  emit(g, prediction, labels) {
    const rank = g.shape(prediction).length;
    return { value: g.sum(g.mul(prediction, labels), [...Array(rank).keys()]), gradient: labels };
  },
};

const nothing: Transform = { init: () => [], update: (_, updates) => updates };

export interface Comparison {
  readonly analytic: Float32Array;
  readonly numeric: Float32Array;
}

/**
 * The gradient of a random weighted sum of a model's first output with respect to each initializer, by its rule and by
 * central differences.
 *
 * @param step the distance of the two evaluations: too small drowns in float32 rounding, too large bends.
 */
export async function compareGradients(
  ort: OnnxRuntime,
  model: Model,
  data: Readonly<Record<string, Tensor>>,
  random: () => number,
  step: number = 1e-2,
): Promise<Map<string, Comparison>> {
  const trained = buildTrainStep(model, { loss: weightedSum, optimiser: nothing, gradients: true });
  const label = trained.inputs.find(({ role }) => role === "label")!;
  const weights = Float32Array.from({ length: sizeOf(label.shape) }, () => random() * 2 - 1);
  const feeds: Record<string, OrtTensor> = { labels: new ort.Tensor("float32", weights, label.shape) };
  feeds.learningRate = new ort.Tensor("float32", Float32Array.of(0), []);
  const feed = ({ dtype, data, shape }: Tensor) => new ort.Tensor(dtype as "float32", data as Float32Array, shape);
  for (const [name, tensor] of [...Object.entries(data), ...trained.initial]) feeds[name] = feed(tensor);
  for (const { name, role, shape } of trained.inputs)
    if (role === "noise")
      feeds[name] = new ort.Tensor(
        "float32",
        Float32Array.from({ length: sizeOf(shape) }, () => (random() < 0.5 ? 0 : 2)),
        shape,
      );

  const session = await ort.InferenceSession.create(encodeModel(trained.model));
  const run = (changed: Record<string, OrtTensor> = {}) => session.run({ ...feeds, ...changed });
  const sumOf = async (name: string, tensor: Tensor, i: number, delta: number) => {
    const moved = Float32Array.from(tensor.data as Float32Array);
    moved[i]! += delta;
    const { prediction } = await run({ [name]: feed({ ...tensor, data: moved } as Tensor) });
    // Summed in doubles: the difference of two float32 sums would lose what is looked for.
    return (prediction!.data as Float32Array).reduce((sum, value, j) => sum + value * weights[j]!, 0);
  };
  const base = await run();
  const result = new Map<string, Comparison>();
  for (const { name, role, of } of trained.outputs) {
    if (role !== "gradient") continue;
    const tensor = trained.initial.get(of!)!;
    const numeric = new Float32Array(sizeOf(tensor.shape));
    for (let i = 0; i < numeric.length; i++)
      numeric[i] = ((await sumOf(of!, tensor, i, step)) - (await sumOf(of!, tensor, i, -step))) / (2 * step);
    result.set(of!, { analytic: base[name]!.data as Float32Array, numeric });
  }
  await session.release();
  return result;
}
