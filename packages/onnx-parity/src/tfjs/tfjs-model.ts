import { readFile } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import type { Tensor } from "@glyphcast/onnx";
import type { GraphModel } from "@tensorflow/tfjs-converter";
import type { io, Tensor as TfTensor } from "@tensorflow/tfjs-core";
import { importPeer } from "../peers.ts";
import type { Feeds, Opened, Port } from "../target/protocol.ts";
import type { Tfjs } from "./load-tfjs.ts";

/** A LayersModel or GraphModel, by the names of its inputs and outputs. */
export interface TfjsModel {
  readonly opened: Opened;
  run(feeds: Feeds): Promise<Feeds>;
  dispose(): void;
}

/** @throws Error that says what is wrong with the file, in TF.js's words where it is not readable as one at all. */
export async function loadTfjsModel(path: string, tfjs: Tfjs): Promise<TfjsModel> {
  const json = JSON.parse(await readFile(path, "utf8")) as io.ModelJSON;
  if (!json.modelTopology || !Array.isArray(json.weightsManifest))
    throw new Error("expected TF.js's model.json, with modelTopology and weightsManifest.");
  const artifacts = await artifactsOf(path, json);
  const isGraph = json.format === "graph-model" || "node" in json.modelTopology;
  return isGraph ? graphModel(artifacts, tfjs) : layersModel(artifacts, tfjs);
}

async function artifactsOf(path: string, { weightsManifest, ...fields }: io.ModelJSON): Promise<io.ModelArtifacts> {
  const shards = weightsManifest.flatMap(({ paths }) => paths);
  const outside = shards.find((shard) => /^([/\\]|[a-z]:|\.\.([/\\]|$))/i.test(normalize(shard)));
  if (outside !== undefined) throw new Error(`its weights are in "${outside}", outside of its folder.`);
  const parts = await Promise.all(shards.map((shard) => readFile(join(dirname(path), shard))));
  const all = Buffer.concat(parts);
  return {
    ...fields,
    weightSpecs: weightsManifest.flatMap(({ weights }) => weights),
    weightData: all.buffer.slice(all.byteOffset, all.byteOffset + all.byteLength) as ArrayBuffer,
  } as io.ModelArtifacts;
}

async function layersModel(artifacts: io.ModelArtifacts, { core }: Tfjs): Promise<TfjsModel> {
  const layers = await importPeer("@tensorflow/tfjs-layers", () => import("@tensorflow/tfjs-layers"));
  const modelTopology = withoutInitializers(artifacts.modelTopology) as object;
  const model = await layers.loadLayersModel({ load: async () => ({ ...artifacts, modelTopology }) });
  const port = (name: string, { dtype, shape }: { dtype: string; shape: (number | null)[] }): Port => ({
    ...{ name, dtype, shape: shape.map((dim) => dim ?? "") },
  });
  // A Sequential leaves these lists empty.
  const namesOf = (names: readonly string[], ports: readonly { name: string }[]): readonly string[] =>
    names.length === ports.length ? names : ports.map(({ name }) => name);
  const inputNames = namesOf(model.inputNames, model.inputs);
  const outputNames = namesOf(model.outputNames, model.outputs);
  return {
    opened: {
      inputs: inputNames.map((name, i) => port(name, model.inputs[i]!)),
      outputs: outputNames.map((name, i) => port(name, model.outputs[i]!)),
    },
    async run(feeds) {
      const results = core.tidy(() => {
        const inputs = inputNames.map((name) => tfTensor(feeds[name]!, core));
        return [model.predictOnBatch(inputs.length === 1 ? inputs[0]! : inputs)].flat();
      });
      return take(results, outputNames);
    },
    dispose: () => model.dispose(),
  };
}

/** The file's weights take their place at once: drawing others first can take TF.js minutes, for an orthogonal matrix. */
function withoutInitializers(config: unknown): unknown {
  if (Array.isArray(config)) return config.map(withoutInitializers);
  if (typeof config !== "object" || config === null) return config;
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) =>
      /_?initializer$/i.test(key) && typeof value === "object" && value !== null
        ? [key, { class_name: "Zeros", config: {} }]
        : [key, withoutInitializers(value)],
    ),
  );
}

/** Its ports are those of the signature, where it has one. */
async function graphModel(artifacts: io.ModelArtifacts, { core }: Tfjs): Promise<TfjsModel> {
  const converter = await importPeer("@tensorflow/tfjs-converter", () => import("@tensorflow/tfjs-converter"));
  const model = await converter.loadGraphModel({ load: async () => artifacts });
  const signature = model.modelSignature as
    | { readonly [kind in "inputs" | "outputs"]?: Readonly<Record<string, { readonly name: string }>> }
    | undefined;
  const ports = (kind: "inputs" | "outputs"): (Port & { readonly tensor: string })[] => {
    const all = model[kind].map(({ name, dtype, shape }) => ({
      ...{ name: name.replace(/:0$/, ""), tensor: name, dtype },
      ...(shape && { shape: shape.map((dim) => (dim < 0 ? "" : dim)) }),
    }));
    const named = Object.entries(signature?.[kind] ?? {});
    if (named.length !== all.length) return all;
    return named.map(([name, { name: edge }]) => {
      const port = all.find((each) => each.name === edge.replace(/:0$/, "")) ?? { tensor: edge };
      return { ...port, name };
    });
  };
  const [inputs, outputs] = [ports("inputs"), ports("outputs")];
  return {
    opened: { inputs, outputs },
    async run(feeds) {
      const given = Object.fromEntries(inputs.map(({ name, tensor }) => [tensor, tfTensor(feeds[name]!, core)]));
      const results = await execute(
        model,
        given,
        outputs.map(({ tensor }) => tensor),
      );
      core.dispose(Object.values(given));
      return take(
        results,
        outputs.map(({ name }) => name),
      );
    },
    dispose: () => model.dispose(),
  };
}

/** Models with control flow or shapes that depend on values run asynchronously only. */
async function execute(model: GraphModel, inputs: Record<string, TfTensor>, outputs: string[]): Promise<TfTensor[]> {
  try {
    return [model.execute(inputs, outputs)].flat();
  } catch {
    return [await model.executeAsync(inputs, outputs)].flat();
  }
}

function tfTensor({ dtype, shape, data }: Tensor, core: Tfjs["core"]): TfTensor {
  if (dtype !== "float32" && dtype !== "int32" && dtype !== "bool" && dtype !== "string")
    throw new Error(`TF.js has no ${dtype} tensors.`);
  return core.tensor(data as Float32Array, [...shape], dtype);
}

async function take(results: readonly TfTensor[], names: readonly string[]): Promise<Feeds> {
  const outputs: Record<string, Tensor> = {};
  for (const [i, name] of names.entries()) {
    const result = results[i]!;
    // A copy of its own: the cpu backend hands out what it computes with.
    const data = (await result.data()).slice();
    outputs[name] = { dtype: result.dtype, shape: result.shape, data } as Tensor;
    result.dispose();
  }
  return outputs;
}
