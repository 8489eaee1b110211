import { expect, it } from "vitest";
import { bytes, clock, columns, count, percent, plural } from "./format.ts";

it("rounds an accuracy down, so that 100 % means all", () => {
  expect(percent(0.9947)).toBe("99.47 %");
  expect(percent(0.99999)).toBe("99.99 %");
  expect(percent(1)).toBe("100.00 %");
  expect(percent(0.29)).toBe("29.00 %");
});

it("writes numbers for people", () => {
  expect([count(55000), count(12.6), plural(1, "error"), plural(1053, "error")]).toEqual([
    "55,000",
    "13",
    "1 error",
    "1,053 errors",
  ]);
  expect([clock(0.4), clock(75.2), clock(3601)]).toEqual(["0:00", "1:15", "60:01"]);
  expect([bytes(999), bytes(334_102), bytes(1_500_000)]).toEqual(["999 B", "334.1 kB", "1.5 MB"]);
});

it("aligns columns by what is seen of them", () => {
  expect(
    columns(
      [
        ["a", "12"],
        ["\x1b[1mbcd\x1b[22m", "3"],
      ],
      [false, true],
    ),
  ).toEqual(["a    12", "\x1b[1mbcd\x1b[22m   3"]);
});
