import { CheckpointError, DivergedError, oneCycle } from "@glyphcast/onnx-train";
import { beforeAll, describe, expect, it } from "vitest";
import type { Batch } from "../augmented-batches.ts";
import { firstImages, type LabelledImages } from "../datasets/labelled-images.ts";
import { openDataset } from "../datasets/open-dataset.ts";
import { buildLayersModel } from "../model/layers-model.ts";
import { digitsFast } from "../recipes/digits-fast.ts";
import type { Recipe } from "../recipes/recipe.ts";
import type { CreateEngine } from "./engine.ts";
import { createOnnxruntimeEngine } from "./onnxruntime-engine.ts";
import { openTfjsBackend } from "./tfjs-backend.ts";
import { tfjsEngine } from "./tfjs-engine.ts";

const CLASSES = 10;
const STEPS = 12;
/** The digit recipe with a network that plain JavaScript trains in a moment. */
const recipe: Recipe = {
  ...digitsFast,
  network: [
    { kind: "conv", filters: 4, kernel: 5, stride: 2 },
    { kind: "conv", filters: 6, kernel: 3, pool: 2 },
    { kind: "dense", units: "classes" },
  ],
  batchSize: 8,
};

let images: LabelledImages;
beforeAll(async () => {
  images = firstImages((await openDataset("mnist", ".")).train, STEPS * recipe.batchSize);
});

function batch(step: number): Batch {
  const [from, to] = [step * recipe.batchSize, (step + 1) * recipe.batchSize];
  return { epoch: 0, pixels: images.pixels.slice(784 * from, 784 * to), labels: images.labels.slice(from, to) };
}

const buildModel = () => buildLayersModel(recipe.network, { imageShape: [28, 28], classes: CLASSES, seed: 1 });

/** Losses, hits and kept weights of a short training. */
async function train(createEngine: CreateEngine) {
  const model = await buildModel();
  const engine = await createEngine(model, recipe, { classes: CLASSES, seed: 1 });
  const rate = oneCycle({ ...recipe.schedule, steps: STEPS });
  const results = [];
  for (let step = 0; step < STEPS; step++) results.push(await engine.step(batch(step), rate(step)));
  const figures = await engine.figuresOn(images);
  const again = await engine.figuresOn(images);
  await engine.exportWeights();
  await engine.dispose();
  const weights = new Map(model.weights.map((weight) => [weight.originalName, weight.read().dataSync<"float32">()]));
  return { results, figures, again, weights };
}

describe("training on TF.js", () => {
  it("takes the steps that onnxruntime takes", async () => {
    const ours = await train(createOnnxruntimeEngine);
    const theirs = await train(tfjsEngine(await openTfjsBackend({ force: true })));
    expect(theirs.results.map(({ correct }) => correct)).toEqual(ours.results.map(({ correct }) => correct));
    const losses = ({ results }: typeof ours) => results.map(({ loss }) => loss);
    expect(losses(ours)[STEPS - 1]).toBeLessThan(losses(ours)[0]!);
    // Two orders of float32 sums, and Adam's division by small roots, over a dozen steps.
    expect(losses(theirs)).toBeAllClose(losses(ours), { rtol: 1e-4 });
    expect(theirs.again).toEqual(theirs.figures);
    expect(theirs.figures.accuracy).toBe(ours.figures.accuracy);
    expect([theirs.figures.loss]).toBeAllClose([ours.figures.loss], { rtol: 1e-3 });
    expect([...theirs.weights.keys()]).toEqual([...ours.weights.keys()]);
    for (const [name, weight] of ours.weights)
      expect(theirs.weights.get(name)).toBeAllClose(weight, { rtol: 1e-3, atol: 1e-3 });
  });

  it("goes on from a checkpoint to the same weights, bit for bit", async () => {
    const createEngine = tfjsEngine(await openTfjsBackend({ force: true }));
    const setUp = async () => {
      const model = await buildModel();
      return { model, engine: await createEngine(model, recipe, { classes: CLASSES, seed: 1 }) };
    };
    const [whole, first, second] = [await setUp(), await setUp(), await setUp()];
    for (let step = 0; step < 4; step++) await whole.engine.step(batch(step), 0.01);
    for (let step = 0; step < 2; step++) await first.engine.step(batch(step), 0.01);
    const checkpoint = first.engine.checkpoint!();
    second.engine.restore!(checkpoint);
    for (let step = 2; step < 4; step++) await second.engine.step(batch(step), 0.01);
    expect(Buffer.from(second.engine.checkpoint!()).equals(whole.engine.checkpoint!())).toBe(true);
    await Promise.all([whole, second].map(({ engine }) => engine.exportWeights()));
    const weights = ({ model }: typeof whole) => model.getWeights().map((tensor) => tensor.dataSync());
    expect(weights(second)).toEqual(weights(whole));

    const damaged = checkpoint.slice(0, -4);
    expect(() => second.engine.restore!(damaged)).toThrow(CheckpointError);
    const other = await buildLayersModel(recipe.network, { imageShape: [28, 28], classes: 7, seed: 1 });
    const ofOther = await createEngine(other, recipe, { classes: 7, seed: 1 });
    expect(() => ofOther.restore!(checkpoint)).toThrow(
      expect.objectContaining({ code: "CHECKPOINT", message: expect.stringContaining("another network") }),
    );
    for (const { engine } of [whole, first, second, { engine: ofOther }]) await engine.dispose();
  });

  it("stops at a loss that is not a number, before it spoils the weights", async () => {
    const model = await buildModel();
    const engine = await tfjsEngine(await openTfjsBackend({ force: true }))(model, recipe, {
      classes: CLASSES,
      seed: 1,
    });
    await engine.step(batch(0), 0.01);
    await engine.step(batch(1), Number.MAX_VALUE);
    await expect(engine.step(batch(2), 0.01)).rejects.toSatisfy(
      (error) => error instanceof DivergedError && error.step === 2 && error.tensor === "block1_conv/kernel",
    );
    await engine.dispose();
  });
});
