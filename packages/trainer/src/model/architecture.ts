import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { LayersModel, SymbolicTensor } from "@tensorflow/tfjs-layers";
import type { ImageShape } from "../datasets/labelled-images.ts";
import { ArchitectureError, UsageError } from "../errors.ts";
import { type Random, randomStream } from "../random.ts";
import { loadTfjs, type Tfjs } from "./tfjs.ts";

/** What a network is built for. */
export interface BuildOptions {
  readonly imageShape: ImageShape;
  readonly classes: number;
  readonly seed: number;
}

/** A network from a file of the user's. */
export interface Architecture {
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
  /** @throws ArchitectureError when it does not fit the pictures and classes. */
  build(options: BuildOptions): Promise<LayersModel>;
}

/** Keeps this use of a seed apart from the others. */
const WEIGHTS = 0x6d6f6465;

/**
 * Opens what `--model` names: a LayersModel in TF.js's JSON, whose weights are taken along where they lie beside it, or a
 * module that exports `build({ tf, inputShape, classes })`. Weights that are not there are drawn from the seed.
 *
 * @throws ArchitectureError, UsageError
 */
export async function openArchitecture(path: string): Promise<Architecture> {
  const open = OPENERS[extname(path)];
  if (open === undefined)
    throw new UsageError(
      `--model: "${path}" is neither a .json nor a .mjs file.\n  glyphcast evaluate judges a trained model.`,
    );
  const content = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw new ArchitectureError(path, cause.code === "ENOENT" ? "no such file" : cause.message, "a file", cause);
  });
  const artifactsFor = await open(path, content);
  return {
    file: basename(path),
    sha256: createHash("sha256").update(content).digest("hex"),
    bytes: content.length,
    async build(options) {
      const tf = await loadTfjs();
      const artifacts = await artifactsFor(tf, options);
      seedInitializers(artifacts.modelTopology, randomStream(options.seed, WEIGHTS));
      const model = await tf.loadLayersModel({ load: async () => artifacts }).catch((cause: Error) => {
        throw new ArchitectureError(path, cause.message, "a LayersModel that TF.js can build", cause);
      });
      checkShapes(path, model, options);
      return endsInSoftmax(model) ? model : withSoftmax(tf, model);
    },
  };
}

interface Artifacts {
  readonly modelTopology: object;
  readonly weightSpecs?: never[];
  readonly weightData?: ArrayBuffer;
}

type ArtifactsFor = (tf: Tfjs, options: BuildOptions) => Promise<Artifacts>;

const OPENERS: Readonly<Record<string, (path: string, content: Buffer) => Promise<ArtifactsFor>>> = {
  ".json": async (path, content) => {
    const json = parseJson(path, content.toString("utf8"));
    const modelTopology = (json.modelTopology ?? json) as object;
    const manifest = json.weightsManifest as { paths: string[]; weights: never[] }[] | undefined;
    const weights = await readWeights(dirname(path), manifest ?? []);
    // Building must not change what the next build starts from.
    return async () => ({ modelTopology: structuredClone(modelTopology), ...weights });
  },
  ".mjs": moduleOpener,
  ".js": moduleOpener,
};

async function moduleOpener(path: string): Promise<ArtifactsFor> {
  const module = await import(pathToFileURL(path).href).catch((cause: Error) => {
    throw new ArchitectureError(path, `a module that does not load (${cause.message})`, "one that does", cause);
  });
  if (typeof module.build !== "function")
    throw new ArchitectureError(
      path,
      "no function build among its exports",
      "export function build({ tf, inputShape, classes })",
    );
  return async (tf, { imageShape, classes }) => {
    const [height, width, channels = 1] = imageShape;
    const built = await module.build({ tf, inputShape: [height, width, channels], classes });
    if (typeof built?.toJSON !== "function")
      throw new ArchitectureError(path, "something else returned by build()", "a LayersModel, such as tf.sequential()");
    return { modelTopology: built.toJSON(null, false) };
  };
}

function parseJson(path: string, text: string): Record<string, unknown> {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ArchitectureError(path, "no JSON", "a LayersModel as TF.js saves it", cause);
  }
}

async function readWeights(
  folder: string,
  manifest: readonly { paths: string[]; weights: never[] }[],
): Promise<Pick<Artifacts, "weightSpecs" | "weightData">> {
  if (manifest.length === 0) return {};
  const paths = manifest.flatMap(({ paths }) => paths).map((path) => join(folder, path));
  const parts = await Promise.all(
    paths.map((path) =>
      readFile(path).catch((cause: Error) => {
        throw new ArchitectureError(path, "no weights", "the file that model.json names", cause);
      }),
    ),
  );
  const { buffer } = new Uint8Array(Buffer.concat(parts));
  return { weightSpecs: manifest.flatMap(({ weights }) => weights), weightData: buffer };
}

/** TF.js draws weights from Math.random() where an initializer has no seed: each gets one of the run's. */
function seedInitializers(topology: unknown, random: Random): void {
  if (typeof topology !== "object" || topology === null) return;
  const { class_name: className, config } = topology as { class_name?: unknown; config?: Record<string, unknown> };
  const draws = typeof className === "string" && /Normal|Uniform|VarianceScaling|Orthogonal/.test(className);
  if (draws && config && (config.seed === null || config.seed === undefined))
    config.seed = Math.floor(random() * 2 ** 31);
  for (const value of Object.values(topology)) seedInitializers(value, random);
}

function checkShapes(path: string, model: LayersModel, { imageShape, classes }: BuildOptions): void {
  const [height, width, channels = 1] = imageShape;
  const check = (what: string, found: unknown, ...expected: number[]): void => {
    const shape = `[batch, ${expected.join(", ")}]`;
    const [, ...sizes] = Array.isArray(found) ? found : [];
    if (String(sizes) !== String(expected))
      throw new ArchitectureError(path, `${what} of shape [batch, ${sizes.join(", ")}]`, `${shape}, as the data is`);
  };
  if (model.inputs.length !== 1 || model.outputs.length !== 1)
    throw new ArchitectureError(
      path,
      `${model.inputs.length} inputs and ${model.outputs.length} outputs`,
      "one of each",
    );
  check("an input", model.inputs[0]!.shape, height, width, channels);
  check("an output", model.outputs[0]!.shape, classes);
}

function endsInSoftmax(model: LayersModel): boolean {
  const last = model.outputs[0]!.sourceLayer;
  return last.getClassName() === "Softmax" || last.getConfig().activation === "softmax";
}

function withSoftmax(tf: Tfjs, model: LayersModel): LayersModel {
  const outputs = tf.layers.softmax({ name: "probabilities" }).apply(model.outputs[0]!) as SymbolicTensor;
  return tf.model({ inputs: model.inputs, outputs, name: model.name });
}
