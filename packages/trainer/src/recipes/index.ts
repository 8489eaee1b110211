import { kindOf } from "../datasets/open-dataset.ts";
import { digitsFast } from "./digits-fast.ts";
import { digitsTiny } from "./digits-tiny.ts";
import { images } from "./images.ts";
import type { Recipe } from "./recipe.ts";

export type RecipeName = "digits-fast" | "digits-tiny" | "images";

/** Every recipe that `--recipe` knows. */
export const recipes: Readonly<Record<RecipeName, Recipe>> = {
  "digits-fast": digitsFast,
  "digits-tiny": digitsTiny,
  images,
};

/** What to train on data when nothing else is asked for. */
export const defaultRecipe = (data: string): RecipeName => (kindOf(data) === "images" ? "images" : "digits-fast");
