// One network at one batch size on onnxruntime-node: each line on standard input asks for a round of steps.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import {
  adamW,
  buildTrainStep,
  randomWords,
  softmaxCrossEntropy,
  TrainSession,
} from "../../packages/onnx-train/src/index.ts";
import { NETWORKS, peakRssMiB } from "./networks.mjs";

process.env.ORT_DISABLE_TELEMETRY = "1";
const [name = "design", batchText = "64", threadsText = String(availableParallelism())] = process.argv.slice(2);
const batch = Number(batchText);
const ort = await import("onnxruntime-node");

const forward = await NETWORKS[/** @type {keyof typeof NETWORKS} */ (name)]();
const began = performance.now();
const step = buildTrainStep(forward, { loss: softmaxCrossEntropy(), optimiser: adamW(), dims: { batch } });
const buildMs = performance.now() - began;

const words = randomWords(2);
const pixels = Uint8Array.from({ length: batch * 784 }, () => words() & 255);
const labels = Uint8Array.from({ length: batch }, () => words() % 10);
const input = step.inputs.find(({ role }) => role === "data")?.name ?? "pixels";

/** @param {import("onnxruntime-common").InferenceSession.SessionOptions} [sessionOptions] */
const open = (sessionOptions = {}) =>
  TrainSession.create(/** @type {never} */ (ort), step, { intraOpNumThreads: Number(threadsText), sessionOptions });

/** Milliseconds by kind of operator over one step, from onnxruntime's profile of a few. */
async function operators() {
  const folder = mkdtempSync(join(tmpdir(), "bench-train-"));
  const session = await open({ enableProfiling: true, profileFilePrefix: join(folder, "profile") });
  const steps = 12;
  for (let i = 0; i < steps; i++) await session.step({ [input]: pixels }, labels, 1e-3);
  await session.release();
  const [file = ""] = readdirSync(folder);
  const events = JSON.parse(readFileSync(join(folder, file), "utf8"));
  rmSync(folder, { recursive: true });
  /** @type {Map<string, number[]>} */
  const nodes = new Map();
  for (const { cat, name, dur, args } of events)
    if (cat === "Node" && name.endsWith("_kernel_time"))
      nodes.set(`${args.op_name} ${name}`, [...(nodes.get(`${args.op_name} ${name}`) ?? []), dur]);
  /** @type {Record<string, number>} */
  const kinds = {};
  for (const [key, durations] of nodes) {
    const kind = key.slice(0, key.indexOf(" "));
    const median = durations.toSorted((a, b) => a - b)[durations.length >> 1] ?? 0;
    kinds[kind] = (kinds[kind] ?? 0) + median / 1000;
  }
  const sorted = Object.entries(kinds).sort(([, a], [, b]) => b - a);
  return Object.fromEntries(sorted.slice(0, 12).map(([kind, ms]) => [kind, Number(ms.toFixed(3))]));
}

const session = await open();
for (let i = 0; i < 5; i++) await session.step({ [input]: pixels }, labels, 1e-3);
console.log(JSON.stringify({ ready: true, buildMs, nodes: step.model.graph.nodes.length }));

for await (const line of createInterface({ input: process.stdin })) {
  const { steps, profile } = JSON.parse(line);
  /** @type {number[]} */
  const times = [];
  for (let i = 0; i < steps; i++) {
    const start = performance.now();
    await session.step({ [input]: pixels }, labels, 1e-3);
    times.push(performance.now() - start);
  }
  const peak = peakRssMiB();
  console.log(JSON.stringify({ times, peakRssMiB: peak, ...(profile && { operators: await operators() }) }));
}
