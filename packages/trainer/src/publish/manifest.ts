import { type FileDigest, type Manifest, parseManifest } from "@glyphcast/runtime";
import type { Dataset } from "../datasets/labelled-images.ts";
import type { Evaluation } from "../evaluation/metrics.ts";
import type { Recipe } from "../recipes/recipe.ts";
import type { Calibration } from "../training/calibrate.ts";
import { libraryVersions } from "../version.ts";

export interface ManifestParts {
  /** The run's own name, until the model is published under another. */
  readonly id: string;
  readonly recipe: Recipe;
  /** Where the network came from, if not from the recipe. */
  readonly architecture?: Manifest["provenance"]["architecture"] | undefined;
  readonly seed: number;
  readonly engine: string;
  readonly dataset: Pick<Dataset, "name" | "sha256" | "labels" | "imageShape" | "preprocess">;
  readonly evaluation: Evaluation;
  /** What the confidence is. */
  readonly method: NonNullable<Manifest["reject"]["method"]>;
  /** Undefined where nothing was held out to fit it on. */
  readonly calibration: Calibration | undefined;
  readonly model: FileDigest;
}

/** The manifest of a trained model, checked as a runtime will check it. */
export function buildManifest({
  id,
  recipe,
  architecture,
  seed,
  engine,
  dataset,
  evaluation,
  method,
  calibration,
  model,
}: ManifestParts): Manifest {
  return parseManifest({
    schemaVersion: 1,
    task: "image-classification",
    name: recipe.name,
    version: id,
    labels: dataset.labels,
    input: { name: "pixels", dtype: "uint8", shape: ["batch", ...dataset.imageShape] },
    outputs: { logits: "logits", probabilities: "probabilities", confidence: "confidence" },
    preprocess: dataset.preprocess,
    reject: { threshold: calibration?.reject.threshold ?? 0, method },
    ...(calibration && { calibration: { temperature: calibration.temperature, from: calibration.from } }),
    metrics: {
      testAccuracy: evaluation.accuracy,
      testErrors: evaluation.errors,
      dataset: { name: dataset.name, sha256: dataset.sha256, images: evaluation.images },
    },
    provenance: {
      recipe: recipe.name,
      seed,
      engine,
      versions: libraryVersions(),
      ...(architecture && { architecture }),
    },
    files: { "model.onnx": { sha256: model.sha256, bytes: model.bytes } },
  } satisfies Manifest);
}
