// The twins of networks.mjs in TF.js, on tfjs-node: each line on standard input asks for a round of steps.
// With `--force` as the last argument on TF.js's plain JavaScript, which shows that this file works and nothing else.
import { createInterface } from "node:readline";
import { buildLayersModel } from "../../packages/trainer/src/model/layers-model.ts";
import { recipes } from "../../packages/trainer/src/recipes/index.ts";
import { openTfjsBackend } from "../../packages/trainer/src/training/tfjs-backend.ts";
import { peakRssMiB } from "./networks.mjs";

const [name = "design", batchText = "64", , forced] = process.argv.slice(2);
const batch = Number(batchText);
const { tf, backend, name: version } = await openTfjsBackend({ force: forced === "--force" });

function design() {
  const { layers } = tf;
  const conv = (/** @type {number} */ filters) => layers.conv2d({ filters, kernelSize: 3, activation: "relu" });
  const model = tf.sequential();
  model.add(layers.inputLayer({ inputShape: [28, 28, 1] }));
  for (const filters of [32, 64]) {
    model.add(conv(filters));
    model.add(conv(filters));
    model.add(layers.maxPooling2d({ poolSize: 2 }));
  }
  model.add(layers.flatten());
  model.add(layers.dense({ units: 128, activation: "relu" }));
  model.add(layers.dense({ units: 10 }));
  return model;
}

/** What the trainer builds, up to the logits. */
async function digitsFast() {
  const { network } = recipes["digits-fast"];
  const { inputs, layers } = await buildLayersModel(network, { imageShape: [28, 28], classes: 10, seed: 1 });
  return tf.model({
    inputs,
    outputs: /** @type {import("@tensorflow/tfjs-layers").SymbolicTensor} */ (layers.at(-2)?.output),
  });
}

const networks = { design, "digits-fast": digitsFast };

const model = await networks[/** @type {keyof typeof networks} */ (name)]();
await tf.setBackend(backend); // building a model leaves plain JavaScript as the one in use
// Without AdamW's decay: TF.js has none, and it costs next to nothing.
const optimiser = tf.train.adam(1e-3);
const pixels = tf.randomUniform([batch, 28, 28, 1], 0, 256, "int32");
const labels = tf.oneHot(tf.randomUniform([batch], 0, 10, "int32"), 10);

async function step() {
  const loss = optimiser.minimize(() => {
    const scaled = tf.div(tf.cast(pixels, "float32"), 255);
    const logits = /** @type {import("@tensorflow/tfjs-core").Tensor2D} */ (model.apply(scaled, { training: true }));
    return tf.losses.softmaxCrossEntropy(labels, logits);
  }, true);
  await loss?.data();
  loss?.dispose();
}

await step();
console.log(JSON.stringify({ ready: true, version }));
for await (const line of createInterface({ input: process.stdin })) {
  /** @type {number[]} */
  const times = [];
  for (let i = 0; i < JSON.parse(line).steps; i++) {
    const start = performance.now();
    await step();
    times.push(performance.now() - start);
  }
  console.log(JSON.stringify({ times, peakRssMiB: peakRssMiB() }));
}
