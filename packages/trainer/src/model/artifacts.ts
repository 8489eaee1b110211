import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Tensor } from "@glyphcast/onnx";
import { weightsFromBytes } from "@glyphcast/tfjs-to-onnx";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { version } from "../version.ts";
import { loadTfjs } from "./tfjs.ts";

/** What a LayersModel consists of on its way to a file or a graph. */
export interface ModelArtifacts {
  /** The content of model.json, its `weightsManifest` naming weights.bin. */
  readonly modelJson: Readonly<Record<string, unknown>>;
  /** The content of weights.bin. */
  readonly weights: Uint8Array;
  /** The same by name. */
  readonly namedWeights: ReadonlyMap<string, Tensor>;
}

/** Serialises a LayersModel in TF.js's own format. */
export async function modelArtifacts(model: LayersModel): Promise<ModelArtifacts> {
  let artifacts: ModelArtifacts | undefined;
  await model.save({
    save: async ({ modelTopology, weightSpecs, weightData, format, generatedBy }) => {
      const parts = Array.isArray(weightData) ? weightData : [weightData!];
      const weights = Buffer.concat(parts.map((part) => new Uint8Array(part)));
      const weightsManifest = [{ paths: ["weights.bin"], weights: weightSpecs }];
      const convertedBy = `glyphcast ${version}`;
      artifacts = {
        modelJson: { format, generatedBy, convertedBy, modelTopology, weightsManifest },
        weights,
        namedWeights: weightsFromBytes(weightSpecs, weights),
      };
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } };
    },
  });
  if (artifacts === undefined) throw new Error("bug: TF.js saved nothing");
  return artifacts;
}

/** Writes model.json and weights.bin, which `tf.loadLayersModel` reads. */
export async function saveLayersModel(model: LayersModel, directory: string): Promise<void> {
  const { modelJson, weights } = await modelArtifacts(model);
  await writeFile(join(directory, "weights.bin"), weights);
  await writeFile(join(directory, "model.json"), `${JSON.stringify(modelJson)}\n`);
}

/** Replaces weights by those of the same names. */
export async function setWeights(model: LayersModel, weights: ReadonlyMap<string, Tensor>): Promise<void> {
  const tf = await loadTfjs();
  tf.tidy(() => {
    for (const variable of model.weights) {
      const weight = weights.get(variable.originalName);
      if (weight === undefined) throw new Error(`bug: training left out ${variable.originalName}`);
      variable.write(tf.tensor(weight.data as Float32Array, [...weight.shape]));
    }
  });
}
