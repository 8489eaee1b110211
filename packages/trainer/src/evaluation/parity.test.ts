import { float32 } from "@glyphcast/onnx";
import { OutputComparison, type RuntimeReport } from "@glyphcast/onnx-parity";
import { expect, it } from "vitest";
import { PARITY_TOLERANCE, parityFailures, parityOf } from "./parity.ts";

/** The report of a runtime whose probabilities, of two classes, are these. */
function runtimeWith(actual: readonly number[], expected: readonly number[]): RuntimeReport {
  const rule = { atol: PARITY_TOLERANCE, rtol: 0, relativeTo: "scale", decisions: true } as const;
  const comparison = new OutputComparison("probabilities", rule);
  const rows = (values: readonly number[]) => float32([values.length / 2, 2], values);
  comparison.add(rows(actual), rows(expected));
  const output = comparison.report();
  return { runtime: "tfjs", status: output.agrees ? "agrees" : "differs", outputs: [output], restarts: 0, seconds: 0 };
}

it("gives the largest difference and the changed answers", () => {
  const parity = parityOf(runtimeWith([0.75, 0.25, 0.375, 0.625], [0.75, 0.25, 0.5, 0.5]), 2);
  expect(parity).toMatchObject({ runtime: "TF.js cpu", images: 2, maxAbsDiff: 0.125, argmaxDisagreements: 1 });
  expect(parityFailures([parity])).toEqual([expect.stringMatching(/^TF\.js cpu: 1 of 2 pictures/)]);
});

it("passes rounding", () => {
  const parity = parityOf(runtimeWith([0.750001, 0.249999], [0.75, 0.25]), 1);
  expect(parityFailures([parity])).toEqual([]);
});

it("does not take NaN for agreement, nor a runtime that did not answer", () => {
  const odd = parityOf(runtimeWith([Number.NaN, 0.25], [0.75, 0.25]), 1);
  expect(odd.maxAbsDiff).toBe(Number.POSITIVE_INFINITY);
  const gone: RuntimeReport = {
    runtime: "node-wasm",
    status: "crashed",
    reason: "out of memory",
    outputs: [],
    restarts: 0,
    seconds: 0,
  };
  expect(parityFailures([odd, parityOf(gone, 1)])).toEqual([
    expect.stringContaining("NaN or infinite"),
    "onnxruntime-web wasm: crashed: out of memory",
  ]);
});
