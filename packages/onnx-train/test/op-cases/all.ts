import type { DifferentiableOp } from "../../src/gradients/table.ts";
import { ELEMENTWISE_CASES } from "./elementwise.ts";
import { LAYOUT_CASES } from "./layout.ts";
import { LINEAR_CASES } from "./linear.ts";
import { NORMALISATION_CASES } from "./normalisation.ts";
import type { OpCases } from "./op-cases.ts";
import { RECURRENT_CASES } from "./recurrent.ts";
import { REDUCTION_CASES } from "./reduction.ts";
import { WINDOW_CASES } from "./window.ts";

/** Cases for every rule; a rule without them does not compile. */
export const OP_CASES: { readonly [Op in DifferentiableOp]: OpCases } = {
  ...ELEMENTWISE_CASES,
  ...LINEAR_CASES,
  ...NORMALISATION_CASES,
  ...RECURRENT_CASES,
  ...REDUCTION_CASES,
  ...LAYOUT_CASES,
  ...WINDOW_CASES,
};
