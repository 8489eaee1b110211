import { digitsFast } from "./digits-fast.ts";
import type { Recipe } from "./recipe.ts";

export type RecipeName = "digits-fast";

/** Every recipe that `--recipe` knows. */
export const recipes: Readonly<Record<RecipeName, Recipe>> = { "digits-fast": digitsFast };
