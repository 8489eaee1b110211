import type { OpRule, OpRules } from "../op-rule.ts";
import { ARITHMETIC } from "./arithmetic.ts";
import { BASIC_MATH } from "./basic-math.ts";
import { BLOCKS } from "./blocks.ts";
import { CONTROL } from "./control.ts";
import { CONVOLUTION } from "./convolution.ts";
import { CREATION } from "./creation.ts";
import { DYNAMIC } from "./dynamic.ts";
import { EVALUATION } from "./evaluation.ts";
import { GATHER_SCATTER } from "./gather-scatter.ts";
import { GRAPH } from "./graph.ts";
import { IMAGE } from "./image.ts";
import { JOIN } from "./join.ts";
import { LISTS } from "./lists.ts";
import { LOGICAL } from "./logical.ts";
import { MATRICES } from "./matrices.ts";
import { NORMALIZATION } from "./normalization.ts";
import { PADDING } from "./padding.ts";
import { REDUCTION } from "./reduction.ts";
import { SLICE } from "./slice.ts";
import { SPECTRAL } from "./spectral.ts";
import { TRANSFORMATION } from "./transformation.ts";

/** By family, as TF.js sorts its op lists. */
export const OP_FAMILIES: Readonly<Record<string, OpRules>> = {
  arithmetic: ARITHMETIC,
  basic_math: BASIC_MATH,
  control: { ...CONTROL, ...LISTS },
  convolution: CONVOLUTION,
  creation: CREATION,
  dynamic: DYNAMIC,
  evaluation: EVALUATION,
  graph: GRAPH,
  image: IMAGE,
  logical: LOGICAL,
  matrices: MATRICES,
  normalization: NORMALIZATION,
  reduction: REDUCTION,
  slice_join: { ...GATHER_SCATTER, ...JOIN, ...SLICE },
  spectral: SPECTRAL,
  transformation: { ...BLOCKS, ...PADDING, ...TRANSFORMATION },
};

/** The rule of each op. */
export const OPS: ReadonlyMap<string, OpRule> = new Map(
  Object.values(OP_FAMILIES).flatMap((family) => Object.entries(family)),
);
