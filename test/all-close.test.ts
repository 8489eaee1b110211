import { describe, expect, it } from "vitest";

describe("toBeAllClose", () => {
  it("accepts values within the tolerance", () => {
    expect([1, 2.000001]).toBeAllClose([1, 2], { rtol: 1e-6 });
  });

  it("names the worst index and the tolerance that would have passed", () => {
    expect(() => expect([1, 2.5]).toBeAllClose([1, 2], { rtol: 0, atol: 0.1 })).toThrow(/index 1 .*atol 0\.500/);
  });

  it("fails on a NaN on one side, on another length and on nothing", () => {
    expect([Number.NaN]).not.toBeAllClose([1]);
    expect([1]).not.toBeAllClose([Number.NaN]);
    expect([1]).not.toBeAllClose([1, 2]);
    expect([]).not.toBeAllClose([]);
  });

  it("treats equal infinities as equal and unequal ones as not", () => {
    expect([Number.POSITIVE_INFINITY]).toBeAllClose([Number.POSITIVE_INFINITY]);
    expect([Number.POSITIVE_INFINITY]).not.toBeAllClose([Number.NEGATIVE_INFINITY]);
  });
});
