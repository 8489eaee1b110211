// npm run bench:time-to-accuracy [-- --json --seeds N --epochs 1,2,3,6]
// How long it takes to train digits-fast on all of MNIST to an accuracy on its test pictures: for each number of epochs
// a schedule of its own, every seed from the start, nothing chosen on the way. Writes docs/time-to-accuracy.md.
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { encodeModel } from "@glyphcast/onnx";
import { graphFromLayers } from "@glyphcast/tfjs-to-onnx";
import { loadMnist } from "../../packages/trainer/src/datasets/mnist.ts";
import { countCorrect } from "../../packages/trainer/src/evaluation/metrics.ts";
import { runModel } from "../../packages/trainer/src/evaluation/run-model.ts";
import { modelArtifacts } from "../../packages/trainer/src/model/artifacts.ts";
import { loadOnnxruntime, threads } from "../../packages/trainer/src/onnxruntime.ts";
import { recipes } from "../../packages/trainer/src/recipes/index.ts";
import { createOnnxruntimeEngine } from "../../packages/trainer/src/training/onnxruntime-engine.ts";
import { holdOut, trainModel } from "../../packages/trainer/src/training/train-model.ts";
import { mean, percent, writePage } from "./page.mjs";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    seeds: { type: "string", default: "5" },
    epochs: { type: "string", default: "1,2,3,6" },
  },
});
const seeds = Array.from({ length: Number(values.seeds) }, (_, i) => i + 1);
const ort = await loadOnnxruntime();
const dataset = await loadMnist();
const splits = holdOut(dataset, { seed: 1, validation: 0, limit: Number.POSITIVE_INFINITY });
const test = await dataset.test();
const recipe = recipes["digits-fast"];

/** @param {number} epochs @param {number} seed */
async function train(epochs, seed) {
  const started = performance.now();
  const { model } = await trainModel({
    recipe: { ...recipe, epochs },
    architecture: undefined,
    createEngine: createOnnxruntimeEngine,
    splits,
    classes: dataset.labels.length,
    seed,
    onStart: () => {},
    onProgress: () => {},
    onEpoch: () => {},
    onCheckpoint: async () => {},
    onNetwork: async () => {},
    signal: new AbortController().signal,
  });
  const seconds = (performance.now() - started) / 1000;
  return { seconds, accuracy: await accuracyOf(model) };
}

/** @param {Parameters<typeof modelArtifacts>[0]} model */
async function accuracyOf(model) {
  const { modelJson, namedWeights } = await modelArtifacts(model);
  const { model: graph } = graphFromLayers(modelJson, namedWeights, { uint8Input: { scale: 1 / 255, offset: 0 } });
  const scores = await runModel(encodeModel(graph), graph.graph.outputs[0]?.name ?? "", test);
  return countCorrect(scores, test.labels, dataset.labels.length) / test.count;
}

const rows = [];
for (const epochs of values.epochs.split(",").map(Number)) {
  const runs = [];
  for (const seed of seeds) runs.push({ seed, ...(await train(epochs, seed)) });
  const row = {
    epochs,
    accuracy: mean(runs.map(({ accuracy }) => accuracy)),
    worst: Math.min(...runs.map(({ accuracy }) => accuracy)),
    seconds: mean(runs.map(({ seconds }) => seconds)),
    runs,
  };
  rows.push(row);
  if (!values.json)
    console.log(
      `${epochs} epochs: ${percent(row.accuracy)} in ${row.seconds.toFixed(1)} s, means of ${seeds.length} seeds`,
    );
}

const machine = `${cpus()[0]?.model.trim()}, ${threads()} threads, Node ${process.versions.node}, onnxruntime-node ${ort.env.versions.node}`;
const page = `# Time to accuracy

\`digits-fast\` (${recipe.batchSize} pictures to a step) on MNIST's 60,000 training pictures: means over ${seeds.length} seeds of the accuracy on the
10,000 test pictures, and of the seconds from the first line of code to trained weights: building the network and its
training step, augmentation and all steps, without reading the data. Each row is a schedule of its own.

| epochs | accuracy | lowest of the seeds | seconds |
| ------ | -------- | ------------------- | ------- |
${rows.map(({ epochs, accuracy, worst, seconds }) => `| ${epochs} | ${percent(accuracy)} | ${percent(worst)} | ${seconds.toFixed(1)} |`).join("\n")}

Measured by \`npm run bench:time-to-accuracy\` on ${machine}.
`;
await writePage("time-to-accuracy.md", page);
if (values.json) console.log(JSON.stringify({ rows, machine }, null, 2));
