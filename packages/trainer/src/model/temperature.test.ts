import type { LayersModel } from "@tensorflow/tfjs-layers";
import { expect, it } from "vitest";
import { withoutTemperature } from "../evaluation/temperature.ts";
import { withTemperature } from "./temperature.ts";
import { loadTfjs, type Tfjs } from "./tfjs.ts";

const CLASSES = 4;

type Layers = NonNullable<NonNullable<Parameters<Tfjs["sequential"]>[0]>["layers"]>;

const ENDS: Readonly<Record<string, (tf: Tfjs) => Layers>> = {
  "a softmax": ({ layers }) => [layers.dense({ units: CLASSES, inputShape: [6] }), layers.softmax()],
  "an activation": ({ layers }) => [
    layers.dense({ units: CLASSES, inputShape: [6] }),
    layers.activation({ activation: "softmax" }),
  ],
  "a dense layer with its softmax": ({ layers }) => [
    layers.dense({ units: CLASSES, inputShape: [6], activation: "softmax", biasInitializer: "randomNormal" }),
  ],
};

it.each(Object.keys(ENDS))("divides the logits of a model that ends in %s", async (end) => {
  const tf = await loadTfjs();
  const model = tf.sequential({ layers: ENDS[end]!(tf) });
  const x = tf.randomNormal([5, 6], 0, 1, "float32", 3);
  const answers = (of: LayersModel) => (of.predict(x) as typeof x).dataSync() as Float32Array;
  const before = answers(model);
  const cooled = answers((await withTemperature(model, 0.4))!);
  expect(cooled).not.toEqual(before);
  expect(cooled).toBeAllClose(withoutTemperature(before, CLASSES, 1 / 0.4), { atol: 1e-6 }); // single precision
});

it("leaves alone what ends otherwise", async () => {
  const tf = await loadTfjs();
  const layers = [tf.layers.flatten({ inputShape: [2, 2] })];
  expect(await withTemperature(tf.sequential({ layers }), 2)).toBeUndefined();
});
