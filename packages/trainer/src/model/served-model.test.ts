import type { Tensor } from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { expect, it } from "vitest";
import { randomStream } from "../random.ts";
import type { Block } from "../recipes/recipe.ts";
import { buildLayersModel } from "./layers-model.ts";
import { servedModel } from "./served-model.ts";
import { loadTfjs } from "./tfjs.ts";

const network: readonly Block[] = [
  { kind: "conv", filters: 4, kernel: 3, pool: 2 },
  { kind: "dense", units: "classes" },
];
const built = (seed: number): Promise<LayersModel> =>
  buildLayersModel(network, { imageShape: [20, 20], classes: 3, seed });
const answers = (model: LayersModel, images: Tensor) => (model.predict(images) as Tensor).dataSync<"float32">();

/** Of probabilities, [n, 3], scaled to sum to 1 again. */
function geometricMean(answers: readonly Float32Array[]): number[] {
  return Array.from({ length: answers[0]!.length / 3 }, (_, row) => {
    const of = (k: number): number => answers.reduce((product, p) => product * p[row * 3 + k]!, 1);
    const roots = [0, 1, 2].map((k) => of(k) ** (1 / answers.length));
    const sum = roots.reduce((a, b) => a + b);
    return roots.map((root) => root / sum);
  }).flat();
}

it("is the network itself where nothing is asked for", async () => {
  const one = await built(1);
  expect(await servedModel([one])).toBe(one);
});

it("multiplies the probabilities of several networks, and keeps all of their weights", async () => {
  const tf = await loadTfjs();
  const networks = await Promise.all([1, 2, 3].map(built));
  const served = await servedModel(networks);
  const images = tf.randomUniform([5, 20, 20, 1], 0, 1, "float32", 4);

  const expected = geometricMean(networks.map((network) => answers(network, images)));
  expect(answers(served, images)).toBeAllClose(expected, { rtol: 1e-5 });
  // The dense layer's three biases are one.
  expect(served.countParams()).toBe(3 * networks[0]!.countParams() - 2 * 3);
  expect(new Set(served.weights.map(({ originalName }) => originalName)).size).toBe(served.weights.length);
});

it("reads a picture as it is and moved to four sides, with no more weights", async () => {
  const tf = await loadTfjs();
  const networks = await Promise.all([1, 2].map(built));
  const served = await servedModel(networks, { shifts: 2 });
  const images = tf.randomUniform([3, 20, 20, 1], 0, 1, "float32", 5);
  const around: [number, number][] = [
    [0, 0],
    [2, 2],
    [2, 2],
    [0, 0],
  ];
  const moved = (down: number, right: number): Tensor =>
    tf.slice(tf.pad(images, around), [0, 2 - down, 2 - right, 0], [3, 20, 20, 1]);

  const views = [moved(0, 0), moved(-2, 0), moved(2, 0), moved(0, -2), moved(0, 2)];
  const expected = geometricMean(networks.flatMap((network) => views.map((view) => answers(network, view))));
  expect(answers(served, images)).toBeAllClose(expected, { rtol: 1e-5 });
  expect(answers(served, images)).not.toBeAllClose(answers(await servedModel(networks), images), { rtol: 1e-3 });
  expect(served.countParams()).toBe((await servedModel(networks)).countParams());
});

it("reads the same ink on any even paper, and on black paper as without that", async () => {
  const tf = await loadTfjs();
  const one = await built(1);
  const served = await servedModel([one], { background: 7 });
  const random = randomStream(3);
  // Strokes three pixels wide, of many levels.
  const ink = Float32Array.from({ length: 400 }, (_, i) => (i % 20 > 8 && i % 20 < 12 ? random() / 2 : 0));
  const on = (paper: number) =>
    tf.tensor4d(
      ink.map((level) => level + paper),
      [1, 20, 20, 1],
    );
  const expected = answers(one, on(0));
  for (const paper of [0, 0.25, 0.5]) expect(answers(served, on(paper))).toBeAllClose(expected, { rtol: 1e-5 });
  expect(answers(one, on(0.5))).not.toBeAllClose(expected, { rtol: 0.01 });
});
