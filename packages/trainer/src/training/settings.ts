import type { Fit, PictureSize } from "../datasets/picture-steps.ts";
import { HELD_OUT } from "../datasets/split.ts";
import { ResumeError } from "../errors.ts";
import { defaultRecipe, type RecipeName, recipes } from "../recipes/index.ts";
import type { EngineName } from "./engines.ts";

/** What decides how a run turns out, as it can be asked for. */
export interface TrainChoices {
  readonly data?: string | undefined;
  readonly size?: PictureSize | undefined;
  readonly fit?: Fit | undefined;
  readonly grey?: boolean | undefined;
  readonly strict?: boolean | undefined;
  readonly recipe?: RecipeName | undefined;
  /** A network from a file. */
  readonly model?: string | undefined;
  readonly engine?: EngineName | undefined;
  readonly force?: boolean | undefined;
  readonly seed?: number | undefined;
  readonly epochs?: number | undefined;
  readonly batchSize?: number | undefined;
  readonly validation?: number | undefined;
  /** A finished run to take temperature and threshold from; no weight depends on it, so it may be named at the end too. */
  readonly calibration?: string | undefined;
  readonly limit?: number | undefined;
}

/** The same with nothing left open, but for what may be none. */
export interface TrainSettings extends TrainChoices {
  /** Relative paths start here. */
  readonly cwd: string;
  readonly data: string;
  readonly strict: boolean;
  readonly recipe: RecipeName;
  readonly engine: EngineName;
  readonly force: boolean;
  readonly seed: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly validation: number;
}

export function settle(choices: TrainChoices, cwd: string): TrainSettings {
  const { data = "mnist", engine = "onnxruntime", seed = 1, validation = HELD_OUT } = choices;
  const { recipe = defaultRecipe(data), size, fit, grey, strict = false, model, force = false } = choices;
  const { calibration, limit } = choices;
  const { epochs = recipes[recipe].epochs, batchSize = recipes[recipe].batchSize } = choices;
  const decided = { cwd, data, size, fit, grey, strict, recipe, model, engine, force };
  return { ...decided, seed, epochs, batchSize, validation, calibration, limit };
}

const OPTIONS = {
  data: "--data",
  size: "--size",
  fit: "--fit",
  grey: "--grey",
  recipe: "--recipe",
  model: "--model",
  engine: "--engine",
  seed: "--seed",
  epochs: "--epochs",
  batchSize: "--batch-size",
  validation: "--validation",
  limit: "--limit",
} as const satisfies Partial<Record<keyof TrainChoices, string>>;

/**
 * A run goes on as it began.
 *
 * @throws ResumeError for the first choice that says otherwise.
 */
export function refuseOtherChoices(choices: TrainChoices, settings: TrainSettings, folder: string): void {
  for (const key of Object.keys(OPTIONS) as (keyof typeof OPTIONS)[]) {
    const [asked, began] = [JSON.stringify(choices[key]), JSON.stringify(settings[key])];
    if (asked !== undefined && asked !== began)
      throw new ResumeError(
        folder,
        `a run begun with ${OPTIONS[key]} ${began ?? "left out"}`,
        `${OPTIONS[key]} ${asked}`,
      );
  }
}
