import { expect, it } from "vitest";
import { HALF_MAX, halfFromNumber, numberFromHalf } from "./half.ts";

it("gives every half-precision number back", () => {
  for (let bits = 0; bits < 2 ** 16; bits++) {
    const value = numberFromHalf(bits);
    if (Number.isNaN(value)) expect(numberFromHalf(halfFromNumber(value))).toBeNaN();
    else if (halfFromNumber(value) !== bits) throw new Error(`${bits} came back as ${halfFromNumber(value)}.`);
  }
});

it("rounds to the nearest, ties to even", () => {
  for (let bits = 0; bits < 0x7bff; bits++) {
    const [low, high] = [numberFromHalf(bits), numberFromHalf(bits + 1)];
    const middle = (low + high) / 2;
    const between = [low + (high - low) * 0.49, middle, low + (high - low) * 0.51].map(halfFromNumber);
    if (between.join() !== [bits, bits + (bits % 2), bits + 1].join()) throw new Error(`${middle} became ${between}.`);
  }
});

it("knows the ends of the range", () => {
  expect(numberFromHalf(halfFromNumber(HALF_MAX))).toBe(65504);
  expect(numberFromHalf(halfFromNumber(65519))).toBe(65504);
  expect(numberFromHalf(halfFromNumber(65520))).toBe(Number.POSITIVE_INFINITY);
  expect(numberFromHalf(halfFromNumber(-1e9))).toBe(Number.NEGATIVE_INFINITY);
  expect(Object.is(numberFromHalf(halfFromNumber(-0)), -0)).toBe(true);
  expect(halfFromNumber(2 ** -26)).toBe(0);
});
