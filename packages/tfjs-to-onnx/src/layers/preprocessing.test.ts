import { describe, expect, it } from "vitest";
import { graphFromLayers } from "../convert.ts";
import { expectSame, type Feed, noiseOf, runOnnx, tfc, tfl } from "../testing.ts";

const l = tfl.layers;
type Layer = Parameters<tfl.Sequential["add"]>[0];

/**
 * A model of one layer, written by hand. In TF.js 4.22 these layers only work on tensors: in a model Resizing is given
 * a list that it cannot read, and the others overwrite the shape of their input.
 */
const modelOf = (layer: Layer, shape: readonly (number | null)[]) => ({
  class_name: "Sequential",
  config: {
    name: "one",
    layers: [
      { class_name: "InputLayer", config: { name: "x", batch_input_shape: [null, ...shape], dtype: "float32" } },
      { class_name: layer.getClassName(), config: { ...layer.getConfig(), name: "y" } },
    ],
  },
});

async function expectConverts(layer: Layer, shape: readonly (number | null)[], feed: Feed): Promise<void> {
  const { model } = graphFromLayers(modelOf(layer, shape), {});
  const { y } = await runOnnx(model, { x: feed });
  const expected = tfc.tidy(() => {
    const result = layer.apply(tfc.tensor(feed.data, [...feed.shape])) as tfc.Tensor;
    return { data: result.dataSync() as Float32Array, shape: result.shape };
  });
  expectSame(y!, expected);
}

const picture = (shape: readonly number[]): Feed => ({
  data: noiseOf(
    3,
    shape.reduce((a, b) => a * b),
  ),
  shape,
});

const categories = (shape: readonly [number, number]): Feed => ({
  data: Float32Array.from({ length: shape[0] * shape[1] }, (_, i) => (i * i) % 5),
  shape,
});

describe.each([
  [3, 9],
  [6, 7],
  [12, 5],
  [1, 14],
])("Resizing to %i×%i", (height, width) => {
  describe.each(["bilinear", "nearest"] as const)("%s", (interpolation) => {
    it.each([false, true])("cropToAspectRatio %s", async (cropToAspectRatio) => {
      const layer = l.resizing({ height, width, interpolation, cropToAspectRatio });
      await expectConverts(layer, [6, 7, 3], picture([2, 6, 7, 3]));
      await expectConverts(layer, [null, null, 3], picture([2, 6, 7, 3]));
    });
  });
});

it.each([
  [4, 5],
  [7, 8],
  [7, 7],
  [6, 8],
  [3, 6],
  [1, 2],
  [9, 9],
  [9, 5],
])("CenterCrop to %i×%i", async (height, width) => {
  const layer = l.centerCrop({ height, width });
  await expectConverts(layer, [7, 8, 2], picture([2, 7, 8, 2]));
});

it("CenterCrop of 16 columns to 15, where TF.js loses one to rounding", async () => {
  await expectConverts(l.centerCrop({ height: 4, width: 15 }), [5, 16, 1], picture([1, 5, 16, 1]));
});

it.each(["multiHot", "count", "int"] as const)("CategoryEncoding %s", async (outputMode) => {
  await expectConverts(l.categoryEncoding({ numTokens: 5, outputMode }), [6], categories([3, 6]));
});

it("CategoryEncoding oneHot", async () => {
  const layer = l.categoryEncoding({ numTokens: 5, outputMode: "oneHot" });
  await expectConverts(layer, [1], categories([4, 1]));
  expect(() => graphFromLayers(modelOf(layer, [2]), {})).toThrow("[batch, 1]");
});

it("refuses what TF.js cannot do twice alike", () => {
  expect(() => graphFromLayers(modelOf(l.randomWidth({ factor: 0.2 }), [6, 7, 3]), {})).toThrow(
    expect.objectContaining({ code: "TFJS_LAYER", layer: 'RandomWidth "y"' }),
  );
  expect(() => graphFromLayers(modelOf(l.categoryEncoding({ numTokens: 5, outputMode: "tfIdf" }), [6]), {})).toThrow(
    expect.objectContaining({ code: "TFJS_UNSUPPORTED_OPTION", option: "output_mode" }),
  );
});
