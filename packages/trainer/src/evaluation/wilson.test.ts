import { expect, it } from "vitest";
import { wilsonInterval } from "./wilson.ts";

it("wilsonInterval says what else a fraction may be", () => {
  // By the same formula in Python, rounded to seven digits.
  expect(wilsonInterval(15, 20)).toBeAllClose([0.5312992, 0.8881388], { rtol: 1e-5 });
  expect(wilsonInterval(0, 10)).toBeAllClose([0, 0.2775328], { rtol: 1e-5, atol: 1e-9 });
  expect(wilsonInterval(10, 10)[1]).toBe(1);
  expect(wilsonInterval(0, 0)).toEqual([0, 1]);
});
