// A convolution whose patches are made in parts: shared by the tests on Node and in a page.
import { encodeModel, float32, GraphBuilder, type Model, modelOf, sizeOf } from "@glyphcast/onnx";
import type { Loss } from "../src/losses/loss.ts";
import { sgd } from "../src/optimisers/sgd.ts";
import { randomWords } from "../src/random.ts";
import type { OnnxRuntime } from "../src/train-session.ts";
import { buildTrainStep } from "../src/train-step.ts";

const [BATCH, CHANNELS, SIDE, OUT] = [6, 32, 44, 32];
const X = [BATCH, CHANNELS, SIDE, SIDE];
const W = [OUT, CHANNELS, 3, 3];
const Y = [BATCH, OUT, SIDE - 2, SIDE - 2];

/** Σ labels · prediction, whose gradient is the labels. */
const dot: Loss = {
  name: "dot",
  labels: (shape) => ({ dtype: "float32", shape }),
  emit: (g, prediction, labels) => ({ value: g.sum(g.mul(prediction, labels), [0, 1, 2, 3]), gradient: labels }),
};

const words = randomWords(5);
const draw = (shape: readonly number[]) =>
  float32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => words() / 2 ** 31 - 1),
  );

function convolution(x: Float32Array, w: Float32Array): Model {
  const g = new GraphBuilder("convolution");
  g.output(g.op("Conv", [g.initializer("x", float32(X, x)), g.initializer("w", float32(W, w))]), "y");
  return modelOf(g.build());
}

async function run(ort: OnnxRuntime, model: Model): Promise<Float32Array> {
  const session = await ort.InferenceSession.create(encodeModel(model));
  const { y } = await session.run({});
  await session.release();
  return y!.data as Float32Array;
}

const inner = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
};

export interface PartsOutcome {
  /** How many Scans the step has. */
  readonly scans: number;
  /** The largest difference from onnxruntime's own Conv. */
  readonly output: number;
  /** How far ⟨dX, u⟩ is from ⟨dY, u ∗ w⟩ for a random u, relative to the lengths of dY and u ∗ w. */
  readonly dx: number;
  /** How far ⟨dW, v⟩ is from ⟨dY, x ∗ v⟩. */
  readonly dw: number;
}

/** Holds a convolution in parts, and its adjoints, against onnxruntime's Conv. */
export async function convolveInParts(ort: OnnxRuntime): Promise<PartsOutcome> {
  const values = (shape: readonly number[]) => draw(shape).data as Float32Array;
  const [x, w, d, u, v] = [values(X), values(W), values(Y), values(X), values(W)];
  const step = buildTrainStep(convolution(x, w), { loss: dot, optimiser: sgd(), gradients: true });
  const session = await ort.InferenceSession.create(encodeModel(step.model));
  const results = await session.run({
    x: new ort.Tensor("float32", x, X),
    w: new ort.Tensor("float32", w, W),
    labels: new ort.Tensor("float32", d, Y),
    learningRate: new ort.Tensor("float32", Float32Array.of(0), []),
  });
  await session.release();
  const found = (name: string) => results[name]!.data as Float32Array;

  const own = await run(ort, convolution(x, w));
  const error = async (gradient: Float32Array, direction: Float32Array, model: Model) => {
    const along = await run(ort, model);
    return Math.abs(inner(gradient, direction) - inner(d, along)) / Math.sqrt(inner(d, d) * inner(along, along));
  };
  return {
    scans: step.model.graph.nodes.filter(({ op }) => op === "Scan").length,
    output: found("prediction").reduce((worst, value, i) => Math.max(worst, Math.abs(value - own[i]!)), 0),
    dx: await error(found("x:gradient"), u, convolution(u, w)),
    dw: await error(found("w:gradient"), v, convolution(x, v)),
  };
}
