import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { version } from "../version.ts";

/** What a LayersModel consists of on its way to a file or a graph. */
export interface ModelArtifacts {
  /** The content of model.json, its `weightsManifest` naming weights.bin. */
  readonly modelJson: Record<string, unknown>;
  readonly weights: Uint8Array;
}

/** Serialises a LayersModel in TF.js's own format. */
export async function modelArtifacts(model: LayersModel): Promise<ModelArtifacts> {
  let artifacts: ModelArtifacts | undefined;
  await model.save({
    save: async ({ modelTopology, weightSpecs, weightData, format, generatedBy }) => {
      const parts = Array.isArray(weightData) ? weightData : [weightData!];
      artifacts = {
        modelJson: {
          format,
          generatedBy,
          convertedBy: `glyphcast ${version}`,
          modelTopology,
          weightsManifest: [{ paths: ["weights.bin"], weights: weightSpecs }],
        },
        weights: Buffer.concat(parts.map((part) => new Uint8Array(part))),
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
