import { expect, it } from "vitest";
import { agreementOf } from "./agreement.ts";

it("counts other answers, finds the largest difference and is not blind to NaN", () => {
  const one = Float32Array.of(0.9, 0.1, 0.4, 0.6);
  expect(agreementOf(one, one, 2)).toEqual({ images: 2, maxAbsDiff: 0, argmaxDisagreements: 0 });
  const other = Float32Array.of(0.9, 0.1, 0.625, 0.375);
  expect(agreementOf(other, one, 2)).toMatchObject({ argmaxDisagreements: 1, maxAbsDiff: expect.closeTo(0.225, 6) });
  expect(agreementOf(Float32Array.of(Number.NaN, 1, 0, 1), one, 2).maxAbsDiff).toBe(Number.POSITIVE_INFINITY);
  expect(() => agreementOf(new Float32Array(0), new Float32Array(0), 2)).toThrow(/proves nothing/);
});
