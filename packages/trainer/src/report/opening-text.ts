import type { Dataset } from "../datasets/labelled-images.ts";
import type { Recipe } from "../recipes/recipe.ts";
import type { Engine } from "../training/engine.ts";
import type { Splits } from "../training/train-model.ts";
import { version } from "../version.ts";
import { columns, count, plural } from "./format.ts";
import type { Paint } from "./paint.ts";

export interface Opening {
  readonly recipe: Recipe;
  readonly seed: number;
  readonly dataset: Dataset;
  readonly splits: Splits;
  readonly networks: number;
  /** Of one network. */
  readonly parameters: number;
  readonly engine: Pick<Engine, "name" | "threads">;
}

/** The start of a run, for a person: on what, with what. */
export function openingText(opening: Opening, paint: Paint): string[] {
  const { recipe, networks, seed, dataset, splits, parameters, engine } = opening;
  const data =
    `${dataset.name}, ${dataset.note}: ${count(splits.train.count)} to train on, ` +
    `${splits.validation.count === 0 ? "none" : count(splits.validation.count)} held out`;
  const several = networks > 1 ? `${networks} × ` : "";
  const rows = [
    ["data", data],
    [
      "network",
      `${several}${count(parameters)} parameters, ${plural(recipe.epochs, "epoch")} in batches of ${recipe.batchSize}`,
    ],
    ["engine", `${engine.name} on ${plural(engine.threads, "thread")}`],
  ];
  return [
    "",
    ` ${paint.bold(`Glyphcast ${version}`)}  ${paint.cyan(recipe.name)}, seed ${seed}`,
    "",
    ...columns(rows.map(([name, value]) => [paint.dim(name!), value!])).map((line) => ` ${line}`),
    ...skippedText(dataset.skipped),
    "",
  ];
}

const MOST = 10;

/** What was left out, by name as far as that stays readable. */
function skippedText(skipped: Dataset["skipped"]): string[] {
  if (skipped.length === 0) return [];
  const more = skipped.length - MOST;
  return [
    "",
    ` ${plural(skipped.length, "picture")} left out; --strict would stop instead:`,
    ...skipped.slice(0, MOST).map(({ path, reason }) => `   ${path}: ${reason}`),
    ...(more > 0 ? [`   … and ${count(more)} more`] : []),
  ];
}
