import { encodeModel, float32, GraphBuilder, modelOf, sizeOf } from "@glyphcast/onnx";
import { expect, it } from "vitest";
import type { Loss } from "../../losses/loss.ts";
import { sgd } from "../../optimisers/sgd.ts";
import { randomWords } from "../../random.ts";
import { ort } from "../../testing.ts";
import { buildTrainStep } from "../../train-step.ts";

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

function convolution(x: Float32Array, w: Float32Array) {
  const g = new GraphBuilder("convolution");
  g.output(g.op("Conv", [g.initializer("x", float32(X, x)), g.initializer("w", float32(W, w))]), "y");
  return modelOf(g.build());
}

async function run(model: ReturnType<typeof convolution>): Promise<Float32Array> {
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

it("patches beyond the cache, made in parts, give the convolution and its adjoints", async () => {
  const [x, w, d, u, v] = [X, W, Y, X, W].map((shape) => draw(shape).data as Float32Array) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const step = buildTrainStep(convolution(x, w), { loss: dot, optimiser: sgd(), gradients: true });
  expect(step.model.graph.nodes.filter(({ op }) => op === "Scan")).toHaveLength(3);

  const session = await ort.InferenceSession.create(encodeModel(step.model));
  const results = await session.run({
    x: new ort.Tensor("float32", x, X),
    w: new ort.Tensor("float32", w, W),
    labels: new ort.Tensor("float32", d, Y),
    learningRate: new ort.Tensor("float32", Float32Array.of(0), []),
  });
  await session.release();
  expect(results.prediction!.data as Float32Array).toBeAllClose(await run(convolution(x, w)), { rtol: 0, atol: 1e-4 });
  // ⟨dX, u⟩ = ⟨dY, u ∗ w⟩ and ⟨dW, v⟩ = ⟨dY, x ∗ v⟩, for any u and v; a million float32 products on each side.
  const scale = Math.sqrt(inner(d, d));
  const [alongX, alongW] = [await run(convolution(u, w)), await run(convolution(x, v))];
  const error = (gradient: ArrayLike<number>, direction: Float32Array, along: Float32Array) =>
    Math.abs(inner(gradient, direction) - inner(d, along)) / (scale * Math.sqrt(inner(along, along)));
  expect(error(results["x:gradient"]!.data as Float32Array, u, alongX)).toBeLessThan(1e-6);
  expect(error(results["w:gradient"]!.data as Float32Array, v, alongW)).toBeLessThan(1e-6);
});
