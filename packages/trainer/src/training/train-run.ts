import { appendFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Dataset } from "../datasets/labelled-images.ts";
import { DivergenceError } from "../errors.ts";
import { countParameters } from "../model/layers-model.ts";
import { metricsCsv, metricsRow } from "../report/metrics-csv.ts";
import { openingText } from "../report/opening-text.ts";
import { typedPath } from "../report/typed-path.ts";
import { type Checkpoint, removeCheckpoint, writeCheckpoint, writeNetwork } from "./checkpoint.ts";
import type { EpochRecord } from "./progress.ts";
import { type Splits, type TrainedModel, trainModel } from "./train-model.ts";
import type { RunPlan } from "./write-run.ts";

/** What a run's name ends in when its loss was not a number. */
export const DIVERGED = "diverged";

/**
 * Trains where a person sees it, with a row of metrics.csv for each epoch and a checkpoint now and then in the run's
 * folder.
 *
 * @throws DivergenceError; the figures of the epochs before it are then in `folder.destination(DIVERGED)`.
 */
export async function trainRun(
  { recipe, architecture, createEngine, settings, from, folder, report, signal }: RunPlan,
  data: { readonly dataset: Dataset; readonly splits: Splits; readonly identity: Checkpoint["dataset"] },
): Promise<TrainedModel> {
  const { dataset, splits, identity } = data;
  const { seed, cwd } = settings;
  const before: readonly EpochRecord[] = from?.checkpoint.state.records ?? [];
  let epochs = before.length;
  let total = recipe.epochs;
  const metrics = join(folder.path, "metrics.csv");
  await writeFile(metrics, metricsCsv(before));
  const trained = await trainModel({
    recipe,
    architecture,
    createEngine,
    splits,
    classes: dataset.labels.length,
    seed,
    onStart: ({ model, engine, network, networks }) => {
      total = networks * recipe.epochs;
      if (network === (from?.networks.length ?? 0)) {
        const opening = { recipe, networks, seed, dataset, splits, parameters: countParameters(model), engine };
        report.print(...openingText(opening, report.paint));
        for (const record of before) report.epoch(record, total);
      }
      if (networks > 1)
        report.print(report.paint.dim(` network ${network + 1} of ${networks}, seed ${seed + network}`));
    },
    onProgress: (progress) => report.progress(progress),
    onEpoch: (record) => {
      epochs++;
      appendFileSync(metrics, metricsRow(record)); // at once, for whoever follows the file
      report.epoch(record, total);
    },
    from: from && { state: from.checkpoint.state, engineState: from.engineState, networks: from.networks },
    onCheckpoint: (state, engineState) =>
      writeCheckpoint(folder.path, { settings, recipe, dataset: identity, state }, engineState),
    onNetwork: (network, engineState) => writeNetwork(folder.path, network, engineState),
    signal,
  }).catch(async (error: unknown) => {
    if (error instanceof DivergenceError && epochs > 0) {
      await removeCheckpoint(folder.path);
      await folder.finish(DIVERGED);
      report.print(` The figures up to there are in ${typedPath(folder.destination(DIVERGED), cwd)}.`);
    }
    throw error;
  });
  report.print("");
  return trained;
}
