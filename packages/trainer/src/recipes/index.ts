import { kindOf } from "../datasets/open-dataset.ts";
import { digits } from "./digits.ts";
import { digitsBest } from "./digits-best.ts";
import { digitsFast } from "./digits-fast.ts";
import { digitsTiny } from "./digits-tiny.ts";
import { images } from "./images.ts";
import type { Recipe } from "./recipe.ts";

export type RecipeName = "digits" | "digits-best" | "digits-fast" | "digits-tiny" | "images";

/** Every recipe that `--recipe` knows. */
export const recipes: Readonly<Record<RecipeName, Recipe>> = {
  digits,
  "digits-best": digitsBest,
  "digits-fast": digitsFast,
  "digits-tiny": digitsTiny,
  images,
};

/** What to train on data when nothing else is asked for. */
export const defaultRecipe = (data: string): RecipeName => (kindOf(data) === "images" ? "images" : "digits");
