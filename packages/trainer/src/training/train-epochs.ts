import { DivergedError } from "@glyphcast/onnx-train";
import { augmentedBatches, type BatchPlan, stepsPerEpoch } from "../augmented-batches.ts";
import { DivergenceError, InterruptedError } from "../errors.ts";
import type { Engine } from "./engine.ts";
import type { EpochRecord, Progress } from "./progress.ts";

export interface Training {
  readonly engine: Engine;
  readonly plan: BatchPlan;
  /** By step, counted from 0 over all epochs. */
  readonly learningRate: (step: number) => number;
  /** The accuracy, on held-out pictures, of the weights that would be kept now. */
  readonly validate: () => Promise<number>;
  readonly onProgress: (progress: Progress) => void;
  readonly onEpoch: (record: EpochRecord) => void;
  readonly signal: AbortSignal;
}

/**
 * Takes all steps of a training run, and validates after each epoch.
 *
 * @throws InterruptedError when `signal` is aborted, after the step under way.
 * @throws DivergenceError when the loss is not finite.
 */
export async function trainEpochs(training: Training): Promise<EpochRecord[]> {
  const { engine, plan, learningRate, validate, onProgress, onEpoch, signal } = training;
  const { batchSize, epochs } = plan;
  const steps = stepsPerEpoch(plan);
  const records: EpochRecord[] = [];
  let epoch = startEpoch();
  let stepping = 0;
  let validating = 0;

  for await (const batch of augmentedBatches(plan)) {
    const rate = learningRate(records.length * steps + epoch.steps);
    const { loss, correct } = await engine.step(batch, rate).catch((cause: unknown) => {
      if (!(cause instanceof DivergedError)) throw cause;
      const at = { epoch: records.length + 1, step: epoch.steps + 1, learningRate: rate };
      throw new DivergenceError({ ...at, loss: cause.loss, tensor: cause.tensor }, cause);
    });
    if (signal.aborted) throw new InterruptedError();
    epoch.steps++;
    epoch.loss += loss;
    epoch.correct += correct;

    const seconds = since(epoch.started);
    const figures = {
      epoch: records.length + 1,
      loss: epoch.loss / epoch.steps,
      accuracy: epoch.correct / (epoch.steps * batchSize),
      imagesPerSecond: (epoch.steps * batchSize) / seconds,
    };
    const done = records.length * steps + epoch.steps;
    const secondsPerStep = (stepping + seconds) / done;
    const secondsPerValidation = validating / Math.max(1, records.length);
    const remainingSeconds =
      (epochs * steps - done) * secondsPerStep + (epochs - records.length) * secondsPerValidation;
    onProgress({ ...figures, epochs, step: epoch.steps, steps, remainingSeconds });

    if (epoch.steps === steps) {
      const validationStarted = performance.now();
      const validationAccuracy = await validate();
      stepping += seconds;
      validating += since(validationStarted);
      const record = { ...figures, validationAccuracy, learningRate: rate, seconds: since(epoch.started) };
      records.push(record);
      onEpoch(record);
      epoch = startEpoch();
    }
  }
  return records;
}

const startEpoch = () => ({ started: performance.now(), steps: 0, loss: 0, correct: 0 });

const since = (started: number): number => (performance.now() - started) / 1000;
