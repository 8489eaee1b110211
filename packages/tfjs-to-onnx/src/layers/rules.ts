import { ACTIVATION_LAYERS } from "./activation.ts";
import { ATTENTIONS } from "./attention.ts";
import { CONVOLUTIONS } from "./convolution.ts";
import { CORE } from "./core.ts";
import { EINSUMS } from "./einsum.ts";
import { MASKINGS } from "./masking.ts";
import { MERGES } from "./merge.ts";
import { NORMALISATIONS } from "./normalisation.ts";
import { POOLINGS } from "./pooling.ts";
import { PREPROCESSINGS } from "./preprocessing.ts";
import { RECURRENTS } from "./recurrent/recurrent.ts";
import type { LayerRule } from "./rule.ts";
import { SPATIAL } from "./spatial.ts";
import { WRAPPERS } from "./wrappers.ts";

/** The rule of each TF.js layer class. InputLayer and nested models are not among them: `convert.ts` walks those. */
export const LAYERS: ReadonlyMap<string, LayerRule> = new Map(
  [
    CORE,
    CONVOLUTIONS,
    POOLINGS,
    NORMALISATIONS,
    ACTIVATION_LAYERS,
    MERGES,
    SPATIAL,
    MASKINGS,
    PREPROCESSINGS,
    EINSUMS,
    ATTENTIONS,
    RECURRENTS,
    WRAPPERS,
  ].flatMap((family) => Object.entries(family)),
);
