import { float32, int64, type Tensor, tensor } from "@glyphcast/onnx";
import { describe, expect, it } from "vitest";
import { bitsFromHalf } from "../input/random.ts";
import { halfFromBits } from "./floats.ts";
import { OutputComparison, type OutputReport, type Rule } from "./output-comparison.ts";

const RULE: Rule = { atol: 0, rtol: 1e-5, relativeTo: "scale", decisions: true };

function compare(actual: Tensor | undefined, expected: Tensor | undefined, rule: Partial<Rule> = {}): OutputReport {
  const comparison = new OutputComparison("y", { ...RULE, ...rule });
  comparison.add(actual, expected);
  return comparison.report();
}

const row = (...values: number[]): Tensor => float32([values.length], values);
const next = (value: number, steps: number): number => {
  const bits = new Uint32Array(Float32Array.of(value).buffer);
  bits[0]! += steps;
  return new Float32Array(bits.buffer)[0]!;
};

describe("floats", () => {
  it("counts the numbers that lie between, also across zero", () => {
    const tiny = 2 ** -149;
    const expected = [1, 1, 1, 0, tiny, 1];
    const actual = [1, next(1, 1), next(1, 3), -0, -tiny, next(1, 300)];
    expect(compare(row(...actual), row(...expected))).toMatchObject({ ulps: [2, 1, 2, 0, 0, 1], differing: 4 });
    const doubles = (value: number): Tensor => tensor("float64", [1], Float64Array.of(value));
    expect(compare(doubles(1 + Number.EPSILON), doubles(1)).ulps).toEqual([0, 1, 0, 0, 0, 0]);
  });

  it("measures against the output's scale, and prints a tolerance that passes", () => {
    const [actual, expected] = [row(388, 0.003), row(388, 0)];
    expect(compare(actual, expected)).toMatchObject({ agrees: true, maxAbs: expect.closeTo(0.003, 6) });
    const failed = compare(actual, expected, { rtol: 1e-6 });
    expect(failed).toMatchObject({ agrees: false, beyond: 1, worst: { index: [1], expected: "0" } });
    expect(compare(actual, expected, { rtol: failed.needed!.rtol }).agrees).toBe(true);
    expect(compare(actual, expected, { rtol: 0, atol: failed.needed!.atol }).agrees).toBe(true);
  });

  it("does not take a NaN or an infinity for a number, nor for agreement", () => {
    expect(compare(row(Number.NaN, 1), row(Number.NaN, 1)).agrees).toBe(true);
    for (const [a, e] of [
      [Number.NaN, 1],
      [1, Number.NaN],
      [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    ]) {
      const report = compare(row(a!, 1), row(e!, 1), { atol: 1e9 });
      expect(report).toMatchObject({ agrees: false, nonFinite: 1, worst: { index: [0], actual: `${a}` } });
      expect(report.needed).toBeUndefined();
    }
  });

  it("reads 16-bit floats, and rounds to them", () => {
    for (let bits = 0; bits < 0x7c00; bits++) expect(bitsFromHalf(halfFromBits(bits))).toBe(bits);
    const half = (...values: number[]): Tensor =>
      tensor("float16", [values.length], Uint16Array.from(values, bitsFromHalf));
    expect(compare(half(1, -2), half(1.001, -2), { rtol: 1e-2 })).toMatchObject({
      agrees: true,
      ulps: [1, 1, 0, 0, 0, 0],
    });
  });

  it("gives the cosine and the noise ratio", () => {
    expect(compare(row(1, 0), row(0, 1))).toMatchObject({ cosine: 0, psnr: 0 });
    expect(compare(row(1, 2), row(1, 2))).toMatchObject({
      cosine: expect.closeTo(1, 12),
      psnr: Number.POSITIVE_INFINITY,
    });
  });
});

describe("arg-max", () => {
  const rows = (...values: number[][]): Tensor => float32([values.length, values[0]!.length], values.flat());

  it("reports a tie between classes, and fails for a flip that no rounding explains", () => {
    const loose = { rtol: 0.1 };
    const tie = compare(rows([0.4, 0.4000001, 0.2]), rows([0.4000001, 0.4, 0.2]), loose);
    expect(tie).toMatchObject({ agrees: true, decisions: { rows: 1, flips: 0, ties: 1 } });
    const flip = compare(rows([0.41, 0.4, 0], [0, 0, 1]), rows([0.4, 0.41, 0], [0, 0, 1]), loose);
    expect(flip).toMatchObject({ agrees: false, decisions: { rows: 2, flips: 1, ties: 0 } });
    expect(flip.decisions!.widestMargin).toBeCloseTo(0.01, 6);
    expect(compare(rows([0.41, 0.4, 0]), rows([0.4, 0.41, 0]), { ...loose, decisions: false }).agrees).toBe(true);
  });

  it("compares the k largest as a set", () => {
    const [a, b] = [rows([9, 8, 7, 6, 5, 4.1, 4]), rows([9, 8, 7, 5, 6, 4, 4.1])];
    expect(compare(a, b, { rtol: 1 }).decisions).toMatchObject({ k: 5, topKDiffers: 0 });
    expect(compare(rows([9, 8, 7, 6, 1, 2, 0]), rows([9, 8, 7, 6, 2, 1, 0]), { rtol: 1 }).decisions!.topKDiffers).toBe(
      1,
    );
  });
});

describe("what is not a matter of tolerance", () => {
  it.each<[string, Tensor | undefined, Tensor | undefined, RegExp]>([
    ["an integer", int64([2], [1, 2]), int64([2], [1, 3]), /1 of 2 elements/],
    ["a boolean", tensor("bool", [1], Uint8Array.of(1)), tensor("bool", [1], Uint8Array.of(0)), /1 of 1/],
    ["a string", tensor("string", [1], ["a"]), tensor("string", [1], ["b"]), /1 of 1/],
    ["the type", row(1), int64([1], [1]), /is float32, expected int64/],
    ["the shape", float32([1, 2], [1, 2]), row(1, 2), /has the shape \[1,2\], expected \[2\]/],
    ["an output that is missing", undefined, row(1), /no such output/],
    ["an output too many", row(1), undefined, /reference has no such output/],
    ["nothing at all", float32([0], []), float32([0], []), /nothing to compare/],
  ])("%s", (_, actual, expected, problem) => {
    const report = compare(actual, expected, { atol: 1e9 });
    expect(report.agrees).toBe(false);
    expect(report.problems.join()).toMatch(problem);
  });

  it("adds up over runs, and says which was the worst", () => {
    const comparison = new OutputComparison("y", RULE);
    for (const wrong of [0, 0.5, 0.25]) comparison.add(row(1 + wrong, 2), row(1, 2));
    expect(comparison.report()).toMatchObject({
      elements: 6,
      differing: 2,
      maxAbs: 0.5,
      worst: { run: 1, index: [0] },
    });
  });
});
