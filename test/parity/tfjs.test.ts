// TF.js as one of onnx-parity's runtimes, with models that tfjs-to-onnx converts.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeModel } from "@glyphcast/onnx";
import { compareRuntimes, type ParityReport, randomInputs } from "@glyphcast/onnx-parity";
import { graphFromModel, type ModelOptions, weightsFromBytes } from "@glyphcast/tfjs-to-onnx";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import type { io } from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { run } from "../../packages/onnx-parity/src/command/run.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "parity tfjs "));
  tf.enableProdMode();
  await tf.setBackend("cpu");
});
afterAll(() => rm(folder, { recursive: true }));

type Paths = { readonly json: string; readonly onnx: string };

/** Writes a model beside what it is converted to. */
async function write(name: string, artifacts: io.ModelArtifacts, options: ModelOptions = {}): Promise<Paths> {
  const { weightSpecs = [], weightData, ...fields } = artifacts;
  const weights = Buffer.concat([weightData ?? []].flat().map((part) => new Uint8Array(part as ArrayBuffer)));
  const weightsManifest = [{ paths: [`${name}.bin`], weights: weightSpecs }];
  const modelJson = { ...fields, weightsManifest };
  const paths = { json: join(folder, `${name}.json`), onnx: join(folder, `${name}.onnx`) };
  await writeFile(join(folder, `${name}.bin`), weights);
  await writeFile(paths.json, JSON.stringify(modelJson));
  const { model } = await graphFromModel(modelJson, weightsFromBytes(weightSpecs, weights), options);
  await writeFile(paths.onnx, encodeModel(model));
  return paths;
}

async function saved(model: layers.LayersModel): Promise<io.ModelArtifacts> {
  let artifacts: io.ModelArtifacts | undefined;
  await model.save({
    save: async (given) => {
      artifacts = given;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } };
    },
  });
  return artifacts!;
}

/** 4 × 4 pictures of one channel in three classes. */
const classifier = (seed: number): layers.LayersModel =>
  layers.sequential({
    layers: [
      layers.layers.flatten({ inputShape: [4, 4, 1] }),
      layers.layers.dense({
        units: 3,
        activation: "softmax",
        kernelInitializer: layers.initializers.glorotUniform({ seed }),
      }),
    ],
  });

const compare = ({ json, onnx }: Paths): Promise<ParityReport> =>
  compareRuntimes({
    ...{ model: onnx, models: { tfjs: json }, runtimes: ["node-cpu", "tfjs"] },
    inputs: (ports) => randomInputs(ports, { count: 2, shapes: { batch: 3 } }),
  });

it("compares a classifier's probabilities, from bytes, at another temperature, and names what TF.js has not", async () => {
  const options = { classifier: { temperature: 1.7 }, uint8Input: { scale: 1 / 127.5, offset: -1 } };
  const paths = await write("classifier", await saved(classifier(1)), options);
  const { agrees, runtimes } = await compare(paths);
  expect(agrees).toBe(true);
  expect(runtimes[1]).toMatchObject({
    ...{ runtime: "tfjs", status: "agrees", notCompared: ["logits", "confidence"] },
    outputs: [{ output: "probabilities", elements: 18 }],
    environment: { library: expect.stringMatching(/^TF\.js 4\./) },
  });
});

it("is held to what TF.js answered on another machine", async () => {
  const { json, onnx } = await write("kept", await saved(classifier(3)), { classifier: true });
  const kept = join(folder, "answers");
  let stdout = "";
  const io = { stdout: { write: (text: string) => (stdout += text) }, stderr: { write: () => {} } };
  expect(await run([onnx, "--on", "tfjs", "--tfjs", json, "--save-outputs", kept], io)).toBe(0);
  expect(await run([onnx, "--on", "node-cpu", "--load-outputs", kept], io)).toBe(0);
  expect(stdout).toMatch(/node-cpu .* has no logits, confidence to compare/);
});

it("finds another model's answer different, and says what it did in a terminal", async () => {
  const { onnx } = await write("one", await saved(classifier(1)), { classifier: true });
  const { json } = await write("two", await saved(classifier(2)), { classifier: true });
  let [stdout, stderr] = ["", ""];
  const io = {
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
  };
  expect(await run([onnx, "--on", "node-cpu", "--tfjs", json, "--locate", join(folder, "found")], io)).toBe(1);
  expect(stdout).toMatch(/tfjs +TF\.js 4\.\S+, Node \S+, 1 thread, has no logits, confidence to compare/);
  expect(stdout).toMatch(/tfjs +probabilities .* DIFFERS/);
  expect(stdout).toContain("tfjs-to-onnx --debug");
  expect(await run([onnx, "--on", "node-cpu,tfjs"], io)).toBe(2);
  expect(stderr).toContain("--tfjs model.json");
  await writeFile(join(folder, "none.json"), "{}");
  expect(await run([onnx, "--on", "node-cpu", "--tfjs", join(folder, "none.json")], io)).toBe(2);
  expect(stdout).toContain("refused: expected TF.js's model.json");
});

it("runs GraphModels by their signatures", async () => {
  const float = { type: "DT_FLOAT" };
  const shape = { shape: { dim: [{ size: "-1" }, { size: "4" }] } };
  const node = [
    { name: "in", op: "Placeholder", attr: { dtype: float, shape } },
    { name: "w", op: "Const", attr: { dtype: float } },
    {
      name: "product",
      op: "MatMul",
      input: ["in", "w"],
      attr: { T: float, transpose_a: { b: false }, transpose_b: { b: false } },
    },
    { name: "bent", op: "Tanh", input: ["product"], attr: { T: float } },
  ];
  const tensorOf = (name: string, size: string) => ({
    ...{ name: `${name}:0`, dtype: "DT_FLOAT", tensorShape: { dim: [{ size: "-1" }, { size }] } },
  });
  const signature = {
    inputs: { features: tensorOf("in", "4") },
    outputs: { sums: tensorOf("product", "2"), curves: tensorOf("bent", "2") },
  };
  const weightData = Float32Array.from({ length: 8 }, (_, i) => Math.sin(i)).buffer;
  const weightSpecs: io.WeightsManifestEntry[] = [{ name: "w", shape: [4, 2], dtype: "float32" }];
  const paths = await write("graph", {
    ...{ format: "graph-model", modelTopology: { node, versions: { producer: 1 } } },
    signature,
    weightSpecs,
    weightData,
  });
  const { agrees, runtimes } = await compare(paths);
  expect(runtimes[1]).toMatchObject({ status: "agrees", outputs: [{ agrees: true }, { agrees: true }] });
  expect(agrees).toBe(true);
});
