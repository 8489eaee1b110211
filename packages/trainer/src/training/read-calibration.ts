import { realpath } from "node:fs/promises";
import { basename } from "node:path";
import { RunError } from "../errors.ts";
import type { SettledRecipe } from "../report/run-report.ts";
import type { Summary } from "../report/summary.ts";
import { readJson } from "../report/write-report.ts";
import type { Calibration } from "./calibrate.ts";

/**
 * What a finished run fitted on pictures that it held out, for one of the same recipe that holds out none.
 *
 * @throws RunError when there is no such run, it fitted nothing, or it is of other data or another recipe.
 */
export async function readCalibration(
  folder: string,
  { recipe, dataset }: { readonly recipe: SettledRecipe; readonly dataset: Summary["dataset"] },
): Promise<Calibration> {
  const summary = await readJson<Summary>(folder, "summary.json");
  const began = await readJson<SettledRecipe>(folder, "recipe.json");
  if (summary.calibration === undefined)
    throw new RunError(folder, "a run that is not calibrated", "one that held out pictures, for --calibration");
  if (summary.dataset.sha256 !== dataset.sha256)
    throw new RunError(folder, `a run on ${summary.dataset.name} ${summary.dataset.sha256}`, dataset.sha256);
  if (decisive(began) !== decisive(recipe))
    throw new RunError(
      folder,
      `a run of ${summary.recipe}${summary.recipe === recipe.name ? " with other settings" : ""}`,
      `one of ${recipe.name} with the same network, epochs, batches and augmentation`,
    );
  return { ...summary.calibration, from: basename(await realpath(folder)) };
}

/** What of a recipe decides how a network turns out. */
const decisive = ({ summary: _, stress: __, ...rest }: SettledRecipe): string => JSON.stringify(rest);
