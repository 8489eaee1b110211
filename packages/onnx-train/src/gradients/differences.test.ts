import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareWithDifferences, type OpCase } from "../../test/numeric.ts";
import { ELEMENTWISE_CASES } from "../../test/op-cases/elementwise.ts";
import { LAYOUT_CASES } from "../../test/op-cases/layout.ts";
import { LINEAR_CASES } from "../../test/op-cases/linear.ts";
import { NORMALISATION_CASES } from "../../test/op-cases/normalisation.ts";
import type { OpCases } from "../../test/op-cases/op-cases.ts";
import { RECURRENT_CASES } from "../../test/op-cases/recurrent.ts";
import { REDUCTION_CASES } from "../../test/op-cases/reduction.ts";
import { WINDOW_CASES } from "../../test/op-cases/window.ts";

const CASES: Readonly<Record<string, OpCases>> = {
  ...ELEMENTWISE_CASES,
  ...LINEAR_CASES,
  ...NORMALISATION_CASES,
  ...RECURRENT_CASES,
  ...REDUCTION_CASES,
  ...LAYOUT_CASES,
  ...WINDOW_CASES,
};

describe("each rule agrees with central differences of the operator itself", () => {
  it.each(Object.entries(CASES))("%s", async (op, { cases, step = 1e-2, rtol = 1e-3, atol = 1e-3 }) => {
    const check = async (drawn: readonly Omit<OpCase, "op">[]) => {
      const compared = await compareWithDifferences(
        drawn.map((one) => ({ op, ...one })),
        step,
      );
      for (const { analytic, numeric } of compared) {
        // The step may compute the operator in another form; both sum the same few products.
        if (numeric.outputs.length > 0)
          expect(analytic.outputs).toBeAllClose(numeric.outputs, { rtol: 1e-5, atol: 1e-5 });
        expect([...analytic.gradients.keys()]).toEqual([...numeric.gradients.keys()]);
        for (const [input, gradient] of numeric.gradients)
          expect(analytic.gradients.get(input)!).toBeAllClose(gradient, { rtol, atol });
      }
    };
    await fc.assert(fc.asyncProperty(fc.array(cases, { minLength: 1, maxLength: 16, size: "max" }), check), {
      numRuns: 3,
    });
  });
});
