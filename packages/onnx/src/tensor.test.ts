import { describe, expect, it } from "vitest";
import { float32, int64, numbersOf, scalar, sizeOf, tensor, zeros } from "./index.ts";

describe("tensors", () => {
  it("hold as many elements as their shape says", () => {
    expect(sizeOf([])).toBe(1);
    expect(sizeOf([2, 0, 3])).toBe(0);
    expect(() => float32([2, 3], [1, 2])).toThrow("float32[2, 3] holds 6 elements, found 2.");
  });

  it("take arrays of their own kind as they are, and copy others", () => {
    const floats = Float32Array.of(1, 2);
    expect(float32([2], floats).data).toBe(floats);
    expect(float32([2], [1, 2])).toEqual(float32([2], floats));
    const ints = BigInt64Array.of(1n, 2n);
    expect(int64([2], ints).data).toBe(ints);
    expect(int64([2], [1, 2n])).toEqual(int64([2], ints));
  });

  it("are read as numbers where they hold numbers", () => {
    expect(numbersOf(int64([2], [-1, 2]))).toEqual([-1, 2]);
    expect(numbersOf(zeros("bool", [2]))).toEqual([0, 0]);
    expect(numbersOf(scalar(0.5))).toEqual([0.5]);
    expect(() => numbersOf(zeros("float16", [1]))).toThrow(RangeError);
    expect(() => numbersOf(tensor("string", [1], ["1"]))).toThrow(RangeError);
  });

  it("refuse fractions as int64", () => {
    expect(() => int64([1], [0.5])).toThrow(RangeError);
  });
});
