import type { GraphModel } from "@tensorflow/tfjs-converter";
import type { io, Tensor } from "@tensorflow/tfjs-core";
import { isObject } from "../config.ts";
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

export const isGraphModel = (modelJson: unknown): boolean =>
  isObject(modelJson) &&
  (modelJson.format === "graph-model" ||
    (isObject(modelJson.modelTopology) && Array.isArray(modelJson.modelTopology.node)));

/** Loads the files anew: TF.js reads the shards' bytes by itself, so that how they are read is compared as well. */
export async function loadReference(files: ModelFiles, peers: Peers): Promise<Reference> {
  const { core } = peers;
  core.enableProdMode();
  await core.setBackend("cpu");
  const load = isGraphModel(files.modelJson) ? loadGraphModel : loadLayersModel;
  return quietly(() => load(files, peers)).catch((cause: unknown) => {
    throw new ReferenceFailedError("load", cause);
  });
}

async function loadLayersModel(files: ModelFiles, { core, layers }: Peers): Promise<Reference> {
  const model = await layers.loadLayersModel({ load: async () => artifactsOf(files) });
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

async function loadGraphModel(files: ModelFiles, { core, converter }: Peers): Promise<Reference> {
  const model = await converter.loadGraphModel({ load: async () => artifactsOf(files) });
  return {
    inputs: model.inputs.map(({ shape }) => shape),
    run: (feeds) =>
      running(async () => {
        const inputs = feeds.map(({ data, shape }, i) =>
          core.tensor(data, [...shape], numeric(model.inputs[i]?.dtype)),
        );
        const named = Object.fromEntries(inputs.map((tensor, i) => [model.inputs[i]!.name, tensor]));
        const outputs = await execute(model, named);
        const answers = outputs.map(answerOf);
        core.dispose([...inputs, ...outputs]);
        return answers;
      }),
    dispose: () => model.dispose(),
  };
}

/** Models with control flow or shapes that depend on values run asynchronously only. */
async function execute(model: GraphModel, inputs: Record<string, Tensor>): Promise<Tensor[]> {
  const names = model.outputs.map(({ name }) => name);
  try {
    return [model.execute(inputs, names)].flat();
  } catch {
    return [await model.executeAsync(inputs, names)].flat();
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
