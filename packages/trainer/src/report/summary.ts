import type { Parity } from "../evaluation/parity.ts";
import type { Rejection } from "../evaluation/rejection.ts";
import type { StressResult } from "../evaluation/stress/stress-test.ts";
import type { Calibration } from "../training/calibrate.ts";

/** What `summary.json` says of a run, and `glyphcast train --json` prints. */
export interface Summary {
  readonly testAccuracy: number;
  readonly testErrors: number;
  /** From the first step to the last validation. */
  readonly trainSeconds: number;
  /** Over the training steps, augmentation included. */
  readonly imagesPerSecond: number;
  /** The numbers that training adjusted. */
  readonly parameters: number;
  /** `path` is relative to where the command was given. */
  readonly model: { readonly path: string; readonly bytes: number; readonly sha256: string };
  /** Each runtime against onnxruntime-node on the CPU. */
  readonly parity: readonly Parity[];
  /** How the model does on damaged and placed pictures, where the recipe asks for it. */
  readonly stress?: StressResult;
  /** Absent where nothing was held out, and no other run was named. */
  readonly calibration?: Calibration | undefined;
  /** Expected calibration error on the test pictures, without the temperature and with it. */
  readonly ece: { readonly before: number; readonly after: number };
  /** Of the test pictures, the fraction whose confidence is below the threshold. */
  readonly rejected: number;
  /** What becomes of drawings of nothing in particular; absent where pictures are in colour. */
  readonly strangers?: readonly Rejection[];
  /** Of the pictures held out, if there were any. */
  readonly validationAccuracy?: number | undefined;
  readonly testImages: number;
  readonly recipe: string;
  /** Name and version of what took the training steps. */
  readonly engine: string;
  readonly seed: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly dataset: { readonly name: string; readonly sha256: string };
  /** The command as a whole, from its start to this file. */
  readonly totalSeconds: number;
  readonly peakMemoryBytes: number;
  readonly versions: Readonly<Record<string, string>>;
}
