import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { digitsFast } from "../recipes/digits-fast.ts";
import { digitsTiny } from "../recipes/digits-tiny.ts";
import { images } from "../recipes/images.ts";
import { saveLayersModel } from "./artifacts.ts";
import { buildLayersModel, countParameters } from "./layers-model.ts";
import { loadTfjs } from "./tfjs.ts";

const build = (seed: number) => buildLayersModel(digitsFast.network, { imageShape: [28, 28], classes: 10, seed });

it("builds the network of digits-fast", async () => {
  const model = await build(1);
  expect(countParameters(model)).toBe(80_122);
  const shapes = model.layers.map(({ outputShape }) => outputShape).map(String);
  expect(shapes.filter((shape, i) => shape !== shapes[i - 1])).toEqual(
    ["28,28,1", "14,14,16", "14,14,32", "7,7,32", "7,7,64", "3,3,64", "1,1,96", "96", "10"].map((s) => `,${s}`),
  );
});

it("draws the initial weights from the seed, each layer's its own", async () => {
  const weights = async (seed: number): Promise<number[][]> =>
    (await build(seed)).getWeights().map((tensor) => [...tensor.dataSync()]);
  const first = await weights(1);
  expect(await weights(1)).toEqual(first);
  const other = await weights(2);
  expect(first.filter((values, i) => String(values) === String(other[i]))).toHaveLength(17); // those that start at 0 or 1
  expect(first[3]!.slice(0, 5)).not.toEqual(first[6]!.slice(0, 5));
});

it.each([
  ["digits-tiny", digitsTiny, [28, 28], 10, 9_902],
  ["images", images, [32, 48, 3], 5, 123_533],
] as const)("builds the network of %s", async (_, recipe, imageShape, classes, parameters) => {
  const model = await buildLayersModel(recipe.network, { imageShape, classes, seed: 1 });
  expect(countParameters(model)).toBe(parameters);
  expect(model.outputShape).toEqual([null, classes]);
});

it("refuses pictures that are too small for it, naming the layer", async () => {
  const built = buildLayersModel(digitsFast.network, { imageShape: [8, 8], classes: 10, seed: 1 });
  await expect(built).rejects.toMatchObject({ code: "USAGE", message: expect.stringContaining("block4_conv") });
});

it("saves what tf.loadLayersModel reads back", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tfjs-"));
  const model = await build(1);
  await saveLayersModel(model, folder);

  const tf = await loadTfjs();
  const { modelTopology, weightsManifest } = JSON.parse(await readFile(join(folder, "model.json"), "utf8"));
  const { buffer } = new Uint8Array(await readFile(join(folder, "weights.bin")));
  const weightSpecs = weightsManifest[0].weights;
  const loaded = await tf.loadLayersModel({ load: async () => ({ modelTopology, weightSpecs, weightData: buffer }) });
  const picture = tf.randomUniform([2, 28, 28, 1], 0, 1, "float32", 3);
  const answer = (from: typeof loaded) => (from.predict(picture) as typeof picture).dataSync();
  expect(answer(loaded)).toEqual(answer(model));
  await rm(folder, { recursive: true });
});
