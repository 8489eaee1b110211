import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkModel, encodeModel } from "@glyphcast/onnx";
import fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import {
  type ConvertOptions,
  graphFromLayers,
  graphFromModel,
  type ModelOptions,
  TfjsError,
  weightsFromBytes,
} from "./index.ts";
import { run } from "./run.ts";
import { digitModel, randomise, type Saved, save, tfl } from "./testing.ts";
import { readWeights } from "./weights.ts";

const l = tfl.layers;
type Tensor = tfl.SymbolicTensor;

let models: Saved[] = [];
beforeAll(async () => {
  const x = tfl.input({ shape: [6, 5, 2] });
  const inner = tfl.sequential({
    layers: [
      l.conv2d({ inputShape: [6, 5, 2], filters: 2, kernelSize: 3, padding: "same", activation: "relu6" }),
      l.zeroPadding2d({ padding: 1 }),
      l.cropping2D({
        cropping: [
          [1, 1],
          [1, 1],
        ],
      }),
      l.prelu(),
    ],
  });
  const branches = [inner.apply(x), inner.apply(inner.apply(x)), x] as Tensor[];
  const sum = l.add().apply(branches) as Tensor;
  const flat = l.flatten().apply(l.permute({ dims: [3, 1, 2] }).apply(sum)) as Tensor;
  const rows = l.reshape({ targetShape: [10, 6] }).apply(flat) as Tensor;
  const pooled = l
    .averagePooling1d({ poolSize: 2 })
    .apply(l.conv1d({ filters: 3, kernelSize: 2 }).apply(rows)) as Tensor;
  const joined = l.concatenate().apply([l.flatten().apply(pooled) as Tensor, flat]);
  const functional = tfl.model({
    inputs: x,
    outputs: l.dense({ units: 3, activation: "softmax" }).apply(joined) as Tensor,
  });
  const separable = tfl.sequential({
    layers: [
      l.rescaling({ inputShape: [6, 5, 2], scale: 2, offset: 1 }),
      l.separableConv2d({ filters: 3, kernelSize: 2 }),
      l.depthwiseConv2d({ kernelSize: 2 }),
      l.batchNormalization(),
      l.upSampling2d({ size: [2, 2] }),
      l.leakyReLU(),
      l.globalAveragePooling2d({}),
      l.repeatVector({ n: 2 }),
      l.softmax(),
    ],
  });
  const plain = { recurrentInitializer: "glorotNormal" } as const;
  const words = tfl.sequential({
    layers: [
      l.embedding({ inputDim: 5, outputDim: 3, inputLength: 6, maskZero: true }),
      l.bidirectional({ layer: l.gru({ units: 2, returnSequences: true, ...plain }), mergeMode: "concat" }),
      l.timeDistributed({ layer: l.dense({ units: 3, activation: "tanh" }) }),
      l.layerNormalization({ scale: false }),
      l.rnn({
        cell: [l.lstmCell({ units: 2, ...plain }), l.simpleRNNCell({ units: 2, ...plain })] as never,
        goBackwards: true,
      }),
    ],
  });
  const film = tfl.input({ shape: [3, 5, 4, 2] });
  const [seen, ...states] = l
    .convLstm2d({ filters: 2, kernelSize: 3, padding: "same", returnState: true, ...plain } as never)
    .apply(film) as Tensor[];
  const larger = l.conv2dTranspose({ filters: 2, kernelSize: 3, strides: 2 }).apply(seen!) as Tensor;
  const merged = l.dot({ axes: 1 }).apply(states.map((state) => l.globalAveragePooling2d({}).apply(state) as Tensor));
  const moving = tfl.model({
    inputs: film,
    outputs: [
      larger,
      merged as Tensor,
      l.maxPooling3d({ poolSize: 2 }).apply(l.conv3d({ filters: 2, kernelSize: 2 }).apply(film)) as Tensor,
    ],
  });
  models = [];
  for (const model of [digitModel({ width: 1, dropout: true }), functional, separable, words, moving]) {
    randomise(model);
    models.push(await save(model));
  }
});

/** What a broken writer, a bad copy or an attacker may put anywhere. */
const junk = fc.oneof(
  fc.constantFrom(
    null,
    true,
    false,
    "",
    "relu",
    "__proto__",
    "constructor",
    "channels_first",
    "same",
    "Dense",
    "Model",
  ),
  fc.constantFrom(-1, 0, 1, 2, 3, 0.5, 1e9, 2 ** 31, 2 ** 53, -(2 ** 53), 1e308),
  fc.constantFrom([], {}, [[]], [1, 2], [null], [2 ** 40, 2 ** 40], [null, 1e6, 1e6, 1e6], { class_name: "Dense" }),
  fc.jsonValue(),
);

type Tree = Record<string, unknown>;
const isTree = (value: unknown): value is Tree => typeof value === "object" && value !== null;

/** A copy with one place, found by a walk of the given turns, replaced, removed or doubled. */
function mutate(root: unknown, turns: readonly number[], value: unknown): unknown {
  const copy: Tree = { root: structuredClone(root) };
  let [parent, key] = [copy, "root"];
  for (const turn of turns) {
    const child = parent[key];
    const keys = isTree(child) ? Object.keys(child) : [];
    if (!isTree(child) || keys.length === 0) break;
    [parent, key] = [child, keys[turn % keys.length]!];
  }
  if (turns[0]! % 5 === 0 && Array.isArray(parent)) parent.push(structuredClone(parent[Number(key)]));
  else if (turns[0]! % 5 === 1 && Array.isArray(parent)) parent.splice(Number(key), 1);
  else if (turns[0]! % 5 === 1) delete parent[key];
  else parent[key] = value;
  return copy.root;
}

const turns = fc.array(fc.nat(60), { minLength: 1, maxLength: 10 });

const options = fc.record<ConvertOptions>(
  {
    training: fc.boolean(),
    classifier: fc.boolean(),
    inputLayout: fc.constantFrom("nhwc", "nchw"),
    uint8Input: fc.constantFrom({ scale: 0.5, offset: 0 }, { scale: 1, offset: 1 }),
  },
  { requiredKeys: [] },
);

/** Runs an action that may fail, but only with an error of ours. */
function survives(action: () => unknown): boolean {
  try {
    action();
    return true;
  } catch (error) {
    return isOwn(error);
  }
}

/** False, for an action that ended in an error of ours; any other is thrown. */
function isOwn(error: unknown): false {
  if (!(error instanceof TfjsError)) throw error;
  expect(error.code).toMatch(/^TFJS_/);
  return false;
}

it("answers any change of a model's JSON with a model or an error of its own", { timeout: 120_000 }, () => {
  let [converted, refused] = [0, 0];
  fc.assert(
    fc.property(
      fc.nat(4),
      fc.array(fc.tuple(turns, junk), { minLength: 1, maxLength: 3 }),
      options,
      (i, changes, how) => {
        const { json, weights } = models[i]!;
        const broken = changes.reduce((tree, [path, value]) => mutate(tree, path, value), json);
        if (survives(() => graphFromLayers(broken, weights, how))) converted++;
        else refused++;
      },
    ),
    { numRuns: 2000, seed: 4 },
  );
  expect(Math.min(converted, refused)).toBeGreaterThan(200);
});

it("answers any change of the weights' specs and bytes likewise", async () => {
  const specs = [
    { name: "a/kernel", shape: [2, 3], dtype: "float32" },
    { name: "a/bias", shape: [3], dtype: "float32", quantization: { dtype: "uint8", scale: 0.1, min: -1 } },
  ];
  const manifest = [{ paths: ["a.bin", "b.bin"], weights: specs }];
  const whole = new Uint8Array(27);
  fc.assert(
    fc.property(turns, junk, fc.nat(60), (path, value, size) => {
      survives(() => weightsFromBytes(mutate(specs, path, value), new Uint8Array(size)));
      survives(() => weightsFromBytes(mutate(specs, path, value), whole));
    }),
    { numRuns: 2000, seed: 5 },
  );
  await fc.assert(
    fc.asyncProperty(turns, junk, async (path, value) => {
      const read = (shard: string) => Promise.resolve(shard === "a.bin" ? whole.subarray(0, 25) : whole.subarray(25));
      await readWeights(mutate(manifest, path, value), read).catch((error: unknown) => {
        expect(error).toBeInstanceOf(TfjsError);
      });
    }),
    { numRuns: 1000, seed: 6 },
  );
});

const tiny = new URL("../fixtures/tiny/", import.meta.url);

/** Options of every kind, among them ones that no model takes. */
const modelOptions = fc.record<ModelOptions>(
  {
    weights: fc.constantFrom("keep", "float16", "float32"),
    softmax: fc.boolean(),
    outputLayout: fc.constantFrom("nhwc", "nchw"),
    inputLayout: fc.constantFrom("nhwc", "nchw"),
    opset: fc.constantFrom(12, 13, 16, 17, 18, 20, 21, 22, 17.5, Number.NaN),
    shapes: fc.oneof(
      fc.constantFrom({ photo: [1, 9, 9, 3] }, { photo: [null, 9, 9, 3] }, { "": [2, 8, 7, 3] }, { other: [1] }),
      fc.dictionary(fc.constantFrom("", "photo", "x"), fc.array(fc.option(fc.integer({ min: 1, max: 99 })))),
    ),
    classifier: fc.boolean(),
    uint8Input: fc.constant({ scale: 0.5, offset: 1 }),
  },
  { requiredKeys: [] },
);

/** What happens to a file on its way: cut short, lengthened, a byte changed, or nothing. */
const damage = fc.record({ kind: fc.constantFrom("none", "none", "cut", "grow", "flip"), at: fc.nat(4000) });

function damaged(bytes: Uint8Array, { kind, at }: { kind: string; at: number }): Uint8Array {
  const place = at % Math.max(1, bytes.length);
  if (kind === "cut") return bytes.slice(0, place);
  if (kind === "grow") return Uint8Array.from([...bytes, ...bytes.slice(0, (at % 7) + 1)]);
  return kind === "flip" ? bytes.with(place, bytes[place]! ^ (1 << (at % 8))) : bytes;
}

it("answers any change of quantised weights and options with a sound model or an error of its own", async () => {
  const json = JSON.parse(await readFile(new URL("model.json", tiny), "utf8"));
  const whole = new Uint8Array(await readFile(new URL("weights.bin", tiny)));
  const [{ weights: specs }] = json.weightsManifest;
  let [converted, refused] = [0, 0];
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(turns, junk), { maxLength: 2 }),
      fc.array(fc.tuple(turns, junk), { maxLength: 1 }),
      damage,
      modelOptions,
      async (changes, specChanges, harm, how) => {
        const broken = changes.reduce((tree, [path, value]) => mutate(tree, path, value), json);
        const brokenSpecs = specChanges.reduce((tree, [path, value]) => mutate(tree, path, value), specs);
        const convert = async () => {
          const { model } = await graphFromModel(broken, weightsFromBytes(brokenSpecs, damaged(whole, harm)), how);
          checkModel(model);
          encodeModel(model);
          return true;
        };
        if (await convert().catch(isOwn)) converted++;
        else refused++;
      },
    ),
    { numRuns: 2000, seed: 7 },
  );
  expect(Math.min(converted, refused)).toBeGreaterThan(100);
});

it("ends with 0 or 2 on any damaged files, and leaves nothing behind", { timeout: 120_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "fuzz-"));
  const text = new Uint8Array(await readFile(new URL("model.json", tiny)));
  const whole = new Uint8Array(await readFile(new URL("weights.bin", tiny)));
  const codes = new Map<number, number>();
  try {
    await fc.assert(
      fc.asyncProperty(damage, damage, fc.constantFrom("keep", "float32"), async (harm, harmed, weights) => {
        await writeFile(join(folder, "model.json"), damaged(text, harm));
        await writeFile(join(folder, "weights.bin"), damaged(whole, harmed));
        let said = "";
        const output = { write: (words: string) => (said += words) };
        const argv = [folder, "-o", join(folder, "out.onnx"), "--no-verify", "--weights", weights];
        const code = await run(argv, { stdout: output, stderr: output });
        codes.set(code, (codes.get(code) ?? 0) + 1);
        expect(said).not.toContain("is a bug");
        expect(await readdir(folder)).toEqual(["model.json", ...(code === 0 ? ["out.onnx"] : []), "weights.bin"]);
        await rm(join(folder, "out.onnx"), { force: true });
      }),
      { numRuns: 400, seed: 8 },
    );
  } finally {
    await rm(folder, { recursive: true });
  }
  expect([...codes.keys()].toSorted()).toEqual([0, 2]);
});
