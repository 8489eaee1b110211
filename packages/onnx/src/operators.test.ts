import { describe, expect, it } from "vitest";
import { runNode } from "../test/onnxruntime.ts";
import { inferredOps } from "./index.ts";
import { OPSET_OF, WITHDRAWN } from "./operators.ts";

/** What onnxruntime says to a node of an operator, without any input: little, unless it does not know the operator. */
const complaint = (op: string, opset: number): Promise<string> =>
  runNode({ op, inputs: [], opset }, ["float32"]).then(
    () => "",
    ({ message }: Error) => message,
  );

/** Experimental forms from before their operator was standardised, which onnxruntime still reads. */
const EXPERIMENTAL = new Set(["LayerNormalization", "MeanVarianceNormalization", "ThresholdedRelu"]);

describe("the table of operators", () => {
  it("says what onnxruntime says about when each came", async () => {
    for (const [op, opset] of OPSET_OF) {
      expect(await complaint(op, opset), op).not.toContain("No Op registered");
      if (opset > 1 && !EXPERIMENTAL.has(op))
        expect(await complaint(op, opset - 1), op).toContain(
          `No Op registered for ${op} with domain_version of ${opset - 1}`,
        );
    }
  });

  it("says what onnxruntime says about when each was withdrawn", async () => {
    for (const [op, { opset, instead }] of WITHDRAWN) {
      expect(await complaint(op, opset)).toContain("deprecated");
      expect(await complaint(op, opset - 1)).not.toContain("deprecated");
      expect(OPSET_OF.get(instead)).toBeLessThanOrEqual(opset);
    }
  });

  it("has every operator that inference knows", () => {
    expect(inferredOps.filter((op) => !OPSET_OF.has(op))).toEqual([]);
  });
});
