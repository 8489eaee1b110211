import type { OpRule, OpRules } from "../op-rule.ts";
import { ARITHMETIC } from "./arithmetic.ts";
import { BASIC_MATH } from "./basic-math.ts";
import { CONVOLUTION } from "./convolution.ts";
import { GRAPH } from "./graph.ts";
import { LOGICAL } from "./logical.ts";
import { MATRICES } from "./matrices.ts";
import { NORMALIZATION } from "./normalization.ts";
import { REDUCTION } from "./reduction.ts";
import { TRANSFORMATION } from "./transformation.ts";

/** By family, as TF.js sorts its op lists. */
export const OP_FAMILIES: Readonly<Record<string, OpRules>> = {
  arithmetic: ARITHMETIC,
  basic_math: BASIC_MATH,
  convolution: CONVOLUTION,
  graph: GRAPH,
  logical: LOGICAL,
  matrices: MATRICES,
  normalization: NORMALIZATION,
  reduction: REDUCTION,
  transformation: TRANSFORMATION,
};

/** The rule of each op. */
export const OPS: ReadonlyMap<string, OpRule> = new Map(
  Object.values(OP_FAMILIES).flatMap((family) => Object.entries(family)),
);
