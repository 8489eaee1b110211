import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expectTruth } from "../../test/inference.ts";
import { CREATION_CASES } from "../../test/op-cases/creation.ts";
import { ELEMENTWISE_CASES } from "../../test/op-cases/elementwise.ts";
import { LAYOUT_CASES } from "../../test/op-cases/layout.ts";
import { LINEAR_CASES } from "../../test/op-cases/linear.ts";
import { LOSS_CASES } from "../../test/op-cases/loss.ts";
import { NORMALISATION_CASES } from "../../test/op-cases/normalisation.ts";
import { RANDOM_CASES } from "../../test/op-cases/random.ts";
import { RECURRENT_CASES } from "../../test/op-cases/recurrent.ts";
import { REDUCTION_CASES } from "../../test/op-cases/reduction.ts";
import { SCAN_CASES } from "../../test/op-cases/scan.ts";
import { SELECTION_CASES } from "../../test/op-cases/selection.ts";
import type { Cases } from "../../test/op-cases/tensors.ts";
import { WINDOW_CASES } from "../../test/op-cases/window.ts";
import { inferredOps } from "../index.ts";

const CASES: Readonly<Record<string, Cases>> = {
  ...ELEMENTWISE_CASES,
  ...LINEAR_CASES,
  ...WINDOW_CASES,
  ...REDUCTION_CASES,
  ...NORMALISATION_CASES,
  ...LAYOUT_CASES,
  ...SELECTION_CASES,
  ...CREATION_CASES,
  ...RECURRENT_CASES,
  ...SCAN_CASES,
  ...LOSS_CASES,
  ...RANDOM_CASES,
};

/** Rules with many forms are tried more often. */
const RUNS: Readonly<Record<string, number>> = {
  Conv: 60,
  ConvTranspose: 60,
  MaxPool: 80,
  AveragePool: 60,
  LpPool: 30,
  Einsum: 60,
  Reshape: 60,
  Resize: 80,
  Slice: 100,
  Split: 40,
  Pad: 40,
  Squeeze: 40,
  Range: 80,
  MatMul: 40,
  TopK: 30,
};

describe("what is inferred is what onnxruntime computes", () => {
  it.each(inferredOps)("%s", async (op) => {
    const cases = CASES[op];
    expect(cases, `test/op-cases has no cases for ${op}`).toBeDefined();
    await fc.assert(
      fc.asyncProperty(cases!, (node) => expectTruth({ op, ...node })),
      { numRuns: RUNS[op] ?? 12 },
    );
  });
});
