import type { Case } from "./case.ts";
import { FEATURES } from "./features.ts";
import { IMAGES } from "./images.ts";
import { NORMALISATIONS } from "./normalisation.ts";
import { RECURRENTS } from "./recurrent.ts";
import { VOLUMES } from "./volumes.ts";

/** Models of a few layers each: every class that TF.js can put into one, with every option that changes its result. */
export const ZOO: readonly Case[] = [...IMAGES, ...VOLUMES, ...NORMALISATIONS, ...FEATURES, ...RECURRENTS];
