import { CREATION } from "./creation.ts";
import { ELEMENTWISE } from "./elementwise.ts";
import { LAYOUT } from "./layout.ts";
import { LINEAR } from "./linear.ts";
import { LOSSES } from "./loss.ts";
import { NORMALISATIONS } from "./normalisation.ts";
import { RANDOM } from "./random.ts";
import { RECURRENT } from "./recurrent.ts";
import { REDUCTIONS } from "./reduction.ts";
import type { ShapeRule } from "./rule.ts";
import { SCAN } from "./scan.ts";
import { SELECTION } from "./selection.ts";
import { WINDOWED } from "./window.ts";

/** By the name of an operator of ONNX's own domain. */
const RULES: ReadonlyMap<string, ShapeRule> = new Map(
  [
    ELEMENTWISE,
    LINEAR,
    WINDOWED,
    REDUCTIONS,
    NORMALISATIONS,
    LAYOUT,
    SELECTION,
    CREATION,
    RECURRENT,
    SCAN,
    LOSSES,
    RANDOM,
  ].flatMap((family) => Object.entries(family)),
);

export const shapeRuleOf = (op: string): ShapeRule | undefined => RULES.get(op);

/** The operators whose output types can be inferred. */
export const inferredOps: readonly string[] = [...RULES.keys(), "Constant"].sort();
