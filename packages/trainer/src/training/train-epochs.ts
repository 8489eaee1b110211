import { DivergedError } from "@glyphcast/onnx-train";
import { augmentedBatches, type BatchPlan, stepsPerEpoch } from "../augmented-batches.ts";
import { DivergenceError, InterruptedError } from "../errors.ts";
import type { TrainingState } from "./checkpoint.ts";
import type { Engine } from "./engine.ts";
import type { EpochRecord, Progress } from "./progress.ts";

export interface Training {
  readonly engine: Engine;
  readonly plan: BatchPlan;
  /** By step, counted from 0 over all epochs. */
  readonly learningRate: (step: number) => number;
  /** The figures, on held-out pictures, of the weights that would be kept now. */
  readonly validate: () => Promise<Awaited<ReturnType<Engine["figuresOn"]>> | undefined>;
  readonly onProgress: (progress: Progress) => void;
  readonly onEpoch: (record: EpochRecord) => void;
  /** Where to go on from, instead of from the start. */
  readonly from?: TrainingState | undefined;
  /** Told now and then where the training stands, and before it stops for `signal`. */
  readonly onCheckpoint: (state: TrainingState) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Steps between two checkpoints, besides those at the end of epochs: half a minute or so. */
const CHECKPOINT_STEPS = 250;

/**
 * Takes all steps of a training run, and validates after each epoch.
 *
 * @throws InterruptedError when `signal` is aborted, after the step under way.
 * @throws DivergenceError when the loss is not finite.
 */
export async function trainEpochs(training: Training): Promise<EpochRecord[]> {
  const { engine, plan, learningRate, validate, onProgress, onEpoch, from, onCheckpoint, signal } = training;
  const { batchSize, epochs } = plan;
  const steps = stepsPerEpoch(plan);
  const records: EpochRecord[] = [...(from?.records ?? [])];
  let epoch = startEpoch(from?.epoch);
  let stepping = records.reduce((sum, { imagesPerSecond }) => sum + (steps * batchSize) / imagesPerSecond, 0);
  let validating = records.reduce((sum, { seconds }) => sum + seconds, 0) - stepping;
  const firstStep = records.length * steps + epoch.steps;
  const checkpoint = (): Promise<void> => {
    const { started, ...figures } = epoch;
    return onCheckpoint({ records, epoch: { ...figures, seconds: since(started) } });
  };

  for await (const batch of augmentedBatches({ ...plan, firstStep })) {
    const rate = learningRate(records.length * steps + epoch.steps);
    const { loss, correct } = await engine.step(batch, rate).catch((cause: unknown) => {
      if (!(cause instanceof DivergedError)) throw cause;
      const at = { epoch: records.length + 1, step: epoch.steps + 1, learningRate: rate };
      throw new DivergenceError({ ...at, loss: cause.loss, tensor: cause.tensor }, cause);
    });
    epoch.steps++;
    epoch.loss += loss;
    epoch.correct += correct;
    const ends = epoch.steps === steps;
    if (signal.aborted && !ends) {
      await checkpoint();
      throw new InterruptedError();
    }
    if (epoch.steps % CHECKPOINT_STEPS === 0 && !ends) await checkpoint();

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

    if (ends) {
      const validationStarted = performance.now();
      const held = await validate();
      stepping += seconds;
      validating += since(validationStarted);
      const validation = held && { validationLoss: held.loss, validationAccuracy: held.accuracy };
      const record = { ...figures, ...validation, learningRate: rate, seconds: since(epoch.started) };
      records.push(record);
      epoch = startEpoch();
      await checkpoint(); // before anybody is told: what was shown is kept
      onEpoch(record);
      if (signal.aborted) throw new InterruptedError();
    }
  }
  return records;
}

const startEpoch = ({ steps, loss, correct, seconds }: TrainingState["epoch"] = NOTHING) => ({
  started: performance.now() - 1000 * seconds,
  steps,
  loss,
  correct,
});

/** An epoch that has not begun. */
export const NOTHING: TrainingState["epoch"] = { steps: 0, loss: 0, correct: 0, seconds: 0 };

const since = (started: number): number => (performance.now() - started) / 1000;
