import { digitsFast } from "./digits-fast.ts";
import type { Recipe } from "./recipe.ts";

/** Every recipe that `--recipe` knows. */
export const recipes = { "digits-fast": digitsFast } as const satisfies Record<string, Recipe>;

export type RecipeName = keyof typeof recipes;
