import { readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { decodeModel, encodeModel, type Model } from "@glyphcast/onnx";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { type LabelledImages, selectImages } from "../datasets/labelled-images.ts";
import { countCorrect } from "../evaluation/metrics.ts";
import { runModel } from "../evaluation/run-model.ts";
import { fitTemperature } from "../evaluation/temperature.ts";
import { saveLayersModel } from "../model/artifacts.ts";
import { exposingFeatures, FEATURES, withConfidence } from "../model/confidence.ts";
import { fitGaussians, type Gaussians } from "../model/gaussians.ts";
import { withTemperature } from "../model/temperature.ts";
import type { Splits } from "./train-model.ts";

/** What is fitted on pictures that the network was not trained on. */
export interface Calibration {
  /** What the logits were divided by. */
  readonly temperature: number;
  readonly reject: {
    /** Whether confidence is the largest probability alone, or times how familiar the features are. */
    readonly method: "probability" | "familiarity";
    readonly threshold: number;
  };
  /** The run that temperature and threshold come from, or what they were fitted on. */
  readonly from: string;
}

/** Of held-out pictures so many may be rejected; with fewer than one over this, none says where to begin. */
const REJECTED = 0.005;

/** Training pictures whose features are looked at, and the numbers that these may come to. */
const PICTURES = 6_000;
const NUMBERS = 2 ** 25;

export interface CalibrationPlan {
  readonly model: LayersModel;
  /** model.json and model.onnx, both of them written already and written anew here. */
  readonly modelJson: string;
  readonly onnx: string;
  /** Converts the one to the other. */
  readonly convert: () => Promise<void>;
  readonly splits: Splits;
  readonly classes: number;
  /** Another run's, instead of the held-out pictures. */
  readonly given: Calibration | undefined;
  readonly check: () => void;
}

/**
 * Makes a model's probabilities those of being right, and its confidence one that falls for what is unlike the training
 * pictures: folds a temperature into the LayersModel and the converted model, and the features' Gaussians into the
 * latter. Undefined where nothing was held out and nothing is given: then there is neither temperature nor threshold.
 */
export async function calibrate(plan: CalibrationPlan): Promise<{
  readonly model: LayersModel;
  readonly calibration: Calibration | undefined;
  readonly method: Calibration["reject"]["method"];
  /** Of the held-out pictures, where there are any, the share that the model reads right: 0 to 1. */
  readonly validationAccuracy: number | undefined;
}> {
  const { onnx, splits, classes, given, convert, check } = plan;
  const { validation } = splits;
  const reads = (output: string): Promise<Float32Array> => runModel(onnx, output, validation, check);

  const logits = await reads("logits");
  const right = countCorrect(logits, validation.labels, classes);
  const validationAccuracy = validation.count === 0 ? undefined : right / validation.count;
  const wanted = given?.temperature ?? fitTemperature(logits, validation.labels, classes);
  const tempered = await withTemperature(plan.model, wanted);
  const model = tempered ?? plan.model;
  const temperature = tempered === undefined ? 1 : wanted;
  if (temperature !== 1) {
    await saveLayersModel(model, dirname(plan.modelJson));
    await convert();
  }

  const served = decodeModel(new Uint8Array(await readFile(onnx)));
  const gaussians = await gaussiansOf(served, splits.train, check);
  if (gaussians !== undefined) await writeFile(onnx, encodeModel(withConfidence(served, gaussians)));
  const method: Calibration["reject"]["method"] = gaussians === undefined ? "probability" : "familiarity";

  if (given !== undefined) {
    // A threshold of another kind of confidence says nothing here.
    const reject = given.reject.method === method ? given.reject : { method, threshold: 0 };
    return { model, calibration: { temperature, reject, from: given.from }, method, validationAccuracy };
  }
  if (validation.count === 0) return { model, calibration: undefined, method, validationAccuracy };
  const threshold = thresholdOf(await reads("confidence"));
  const from = "pictures held out";
  return { model, calibration: { temperature, reject: { method, threshold }, from }, method, validationAccuracy };
}

/** The confidence below which lie no more of the held-out pictures than may be rejected; 0 where they are too few. */
export function thresholdOf(confidence: Float32Array): number {
  const rejected = Math.floor(REJECTED * confidence.length);
  return rejected === 0 ? 0 : confidence.toSorted()[rejected]!;
}

async function gaussiansOf(model: Model, train: LabelledImages, check: () => void): Promise<Gaussians | undefined> {
  const exposed = exposingFeatures(model);
  if (exposed === undefined) return undefined;
  const size = exposed.graph.outputs.at(-1)!.shape![1] as number;
  const count = Math.min(train.count, PICTURES, Math.floor(NUMBERS / size));
  const images = selectImages(
    train,
    Uint32Array.from({ length: count }, (_, i) => Math.floor((i * train.count) / count)),
  );
  return fitGaussians(await runModel(encodeModel(exposed), FEATURES, images, check), images.labels);
}
