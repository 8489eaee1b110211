import { digits } from "./digits.ts";
import type { Recipe } from "./recipe.ts";

/** The networks of `digits` for five seeds, averaged inside one graph: 825,010 parameters. */
export const digitsBest: Recipe = {
  ...digits,
  name: "digits-best",
  summary: "five networks of digits in one graph, an hour or so",
  networks: 5,
};
