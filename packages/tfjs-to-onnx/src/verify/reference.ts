import type { GraphModel } from "@tensorflow/tfjs-converter";
import type { io, Tensor } from "@tensorflow/tfjs-core";
import { isObject } from "../config.ts";
import type { ModelOptions } from "../convert-model.ts";
import { edgeOf, isGraphModel, readGraphModel } from "../graph-model/graph-def.ts";
import type { ModelFiles } from "../model-files.ts";
import type { Answer, Elements } from "./answer.ts";
import { ReferenceFailedError } from "./errors.ts";
import type { Peers } from "./peers.ts";

/** The original model, as TF.js itself runs it on its cpu backend. */
export interface Reference {
  /** In the model's order; null where an extent is open. Undefined for inputs whose rank TF.js does not know. */
  readonly inputs: readonly (readonly (number | null)[] | undefined)[];
  /** The outputs in the model's order. @throws ReferenceFailedError */
  run(feeds: readonly Answer[]): Promise<readonly Answer[]>;
  dispose(): void;
}

/** Loads the files anew: TF.js reads the shards' bytes by itself, so that how they are read is compared as well. */
export async function loadReference(
  files: ModelFiles,
  peers: Peers,
  { signature, plugins = [] }: Pick<ModelOptions, "plugins" | "signature"> = {},
): Promise<Reference> {
  const { core } = peers;
  core.enableProdMode();
  await core.setBackend("cpu");
  for (const plugin of plugins) plugin.register?.(peers);
  const load = isGraphModel(files.modelJson) ? loadGraphModel : loadLayersModel;
  return quietly(() => load(files, peers, signature)).catch((cause: unknown) => {
    throw new ReferenceFailedError("load", cause);
  });
}

async function loadLayersModel(files: ModelFiles, { core, layers }: Peers): Promise<Reference> {
  const plain = { ...files, modelJson: withoutInitializers(files.modelJson) };
  const model = await layers.loadLayersModel({ load: async () => artifactsOf(plain) });
  const dtypes = model.inputs.map(({ dtype }) => dtype);
  return {
    inputs: model.inputs.map(({ shape }) => shape),
    run: (feeds) =>
      running(async () => {
        const answers: Answer[] = [];
        core.tidy(() => {
          const inputs = feeds.map(({ data, shape }, i) => core.tensor(data, [...shape], numeric(dtypes[i])));
          const outputs = model.predictOnBatch(inputs.length === 1 ? inputs[0]! : inputs);
          answers.push(...[outputs].flat().map(answerOf));
        });
        return answers;
      }),
    dispose: () => model.dispose(),
  };
}

/**
 * Weights begin as zeros, since the file's take their place at once. TF.js would draw them first: for a large LSTM, whose
 * initializer makes an orthogonal matrix in plain JavaScript, that takes minutes (and methods that tfjs-core alone lacks).
 */
function withoutInitializers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutInitializers);
  if (!isObject(value)) return value;
  const fields = Object.entries(value).map(([key, item]) =>
    /_?initializer$/i.test(key) && isObject(item)
      ? [key, { class_name: "Zeros", config: {} }]
      : [key, withoutInitializers(item)],
  );
  return Object.fromEntries(fields);
}

/** Inputs and outputs are those of the signature, in its order, whatever TF.js's own order is. */
async function loadGraphModel(files: ModelFiles, { core, converter }: Peers, signature?: string): Promise<Reference> {
  const { graph } = readGraphModel(files.modelJson, signature);
  const model = await converter.loadGraphModel({ load: async () => artifactsOf(files) });
  const ports = graph.inputs.map(({ from }) => model.inputs.find(({ name }) => edgeOf(name).node === from.node));
  const names = graph.inputs.map(({ from }) => from.node);
  const outputs = graph.outputs.map(({ from }) => `${from.node}:${from.index}`);
  return {
    inputs: ports.map((port) => port?.shape),
    run: (feeds) =>
      running(async () => {
        const inputs = feeds.map(({ data, shape }, i) => core.tensor(data, [...shape], numeric(ports[i]?.dtype)));
        const results = await execute(model, Object.fromEntries(inputs.map((x, i) => [names[i], x])), outputs);
        const answers = results.map(answerOf);
        core.dispose([...inputs, ...results]);
        return answers;
      }),
    dispose: () => model.dispose(),
  };
}

/** Models with control flow or shapes that depend on values run asynchronously only. */
async function execute(model: GraphModel, inputs: Record<string, Tensor>, outputs: string[]): Promise<Tensor[]> {
  try {
    return [model.execute(inputs, outputs)].flat();
  } catch {
    return [await model.executeAsync(inputs, outputs)].flat();
  }
}

const numeric = (dtype: string | undefined): "float32" | "int32" | "bool" =>
  dtype === "int32" || dtype === "bool" ? dtype : "float32";

const answerOf = (tensor: Tensor): Answer => ({ shape: tensor.shape, data: tensor.dataSync() as Elements });

const running = (run: () => Promise<readonly Answer[]>): Promise<readonly Answer[]> =>
  quietly(run).catch((cause: unknown) => {
    throw new ReferenceFailedError("run", cause);
  });

/** TF.js's remarks on how slow its initializers and its cpu backend are would stand between this command's lines. */
async function quietly<T>(action: () => Promise<T>): Promise<T> {
  const { warn } = console;
  console.warn = () => {};
  try {
    return await action();
  } finally {
    console.warn = warn;
  }
}

function artifactsOf({ modelJson, shards }: ModelFiles): io.ModelArtifacts {
  const json = modelJson as { modelTopology: object; weightsManifest: { weights: io.WeightsManifestEntry[] }[] };
  const { weightsManifest, ...fields } = json;
  return {
    ...fields,
    weightSpecs: weightsManifest.flatMap(({ weights }) => weights),
    weightData: shards.map(exactBuffer),
  };
}

/** Small files that Node reads share one buffer. */
const exactBuffer = ({ buffer, byteOffset, byteLength }: Uint8Array): ArrayBuffer =>
  byteLength === buffer.byteLength
    ? (buffer as ArrayBuffer)
    : (buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer);
