import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareWithDifferences, type OpCase } from "../../test/numeric.ts";
import { OP_CASES } from "../../test/op-cases/all.ts";

describe("each rule agrees with central differences of the operator itself", () => {
  it.each(Object.entries(OP_CASES))("%s", async (op, { cases, precision: { step, rtol, atol } }) => {
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
