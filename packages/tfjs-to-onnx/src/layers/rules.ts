import { ACTIVATION_LAYERS } from "./activation.ts";
import { CONVOLUTIONS } from "./convolution.ts";
import { CORE } from "./core.ts";
import { MERGES } from "./merge.ts";
import { NORMALISATIONS } from "./normalisation.ts";
import { POOLINGS } from "./pooling.ts";
import type { LayerRule } from "./rule.ts";
import { SPATIAL } from "./spatial.ts";

/** The rule of each TF.js layer class. InputLayer and nested models are not among them: `convert.ts` walks those. */
export const LAYERS: ReadonlyMap<string, LayerRule> = new Map(
  [CORE, CONVOLUTIONS, POOLINGS, NORMALISATIONS, ACTIVATION_LAYERS, MERGES, SPATIAL].flatMap((family) =>
    Object.entries(family),
  ),
);
