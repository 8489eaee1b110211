import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blank, inverted, paste, stroke } from "../test/drawings.ts";
import type { GrayImage } from "./image.ts";
import { polarity } from "./polarity.ts";

/** A drawing with paper around it. */
const sheet = (ink: GrayImage, margin: number) =>
  paste(ink, blank(ink.width + 2 * margin, ink.height + 2 * margin), margin, margin);

/** Levels by place, as a lamp gives them. */
const lit = (side: number, level: (x: number, y: number) => number): GrayImage => {
  const image = blank(side, side);
  return { ...image, data: image.data.map((_, i) => Math.round(level(i % side, Math.floor(i / side)))) };
};

describe("on plain paper", () => {
  it("light ink on black stays what it is", () => {
    fc.assert(
      fc.property(stroke, fc.integer({ min: 12, max: 70 }), (drawing, margin) => {
        const image = sheet(drawing, margin);
        expect(polarity(image, { ink: "auto" })).toEqual(image);
      }),
      { numRuns: 40 },
    );
  });

  it("black ink on white gives the same as white on black", () => {
    fc.assert(
      fc.property(stroke, fc.integer({ min: 12, max: 70 }), (drawing, margin) => {
        const image = sheet(drawing, margin);
        expect(polarity(inverted(image), { ink: "auto" })).toEqual(polarity(image, { ink: "auto" }));
      }),
      { numRuns: 40 },
    );
  });

  it("pale ink counts in full, and greys keep their proportions", () => {
    const image = blank(40, 40, 255);
    image.data.set([235, 245, 250, 255], 820);
    expect([...polarity(image, { ink: "auto" }).data.subarray(819, 825)]).toEqual([0, 255, 128, 64, 0, 0]);
  });

  it("ink is sought where it is said to be", () => {
    const image = paste(blank(4, 4, 255), paste(blank(10, 10), blank(60, 60, 128), 10, 10), 40, 40);
    const inkAt = (ink: "auto" | "dark" | "light", x: number) => polarity(image, { ink }).data[60 * x + x];
    expect([inkAt("dark", 15), inkAt("dark", 42)]).toEqual([255, 0]);
    expect([inkAt("light", 15), inkAt("light", 42)]).toEqual([0, 255]);
    expect([inkAt("auto", 15), inkAt("auto", 42)]).toEqual([255, 0]);
  });
});

describe("on photographed paper", () => {
  const light = (x: number, y: number) => 210 - 0.4 * x - 0.1 * y;
  const onStroke = (x: number, y: number) => Math.abs(x - y) < 9 && x > 50 && x < 190;

  it("a shadow is not ink, and ink in the shadow is", () => {
    const photo = lit(240, (x, y) => light(x, y) * (onStroke(x, y) ? 0.35 : 1));
    const { data } = polarity(photo, { ink: "auto" });
    for (const [x, y] of [
      [5, 5],
      [235, 5],
      [5, 235],
      [235, 235],
      [150, 60],
    ] as const)
      expect(data[240 * y + x]).toBe(0);
    for (const at of [60, 120, 180]) expect(data[240 * at + at]).toBe(255);
  });

  it("chalk on a board is ink", () => {
    const photo = lit(240, (x, y) => (light(x, y) / 5) * (onStroke(x, y) ? 4.5 : 1));
    const { data } = polarity(photo, { ink: "auto" });
    expect([data[240 * 5 + 5], data[240 * 235 + 235], data[240 * 120 + 120]]).toEqual([0, 0, 255]);
  });

  it("an empty sheet is refused, however it is lit", () => {
    expect(() => polarity(lit(240, light), { ink: "auto" })).toThrow(
      expect.objectContaining({ code: "EMPTY_DRAWING" }),
    );
  });

  it("noise is refused as too faint to be ink", () => {
    let state = 1;
    const noise = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
    const paper = lit(240, () => 200 + 3 * (noise() + noise() + noise() + noise() - 2));
    expect(() => polarity(paper, { ink: "auto" })).toThrow(expect.objectContaining({ code: "EMPTY_DRAWING" }));
  });
});

describe("nothing drawn", () => {
  it.each([0, 1, 127, 128, 255])("paper of level %i is refused", (level) => {
    for (const ink of ["auto", "dark", "light"] as const)
      expect(() => polarity(blank(50, 30, level), { ink })).toThrow(
        expect.objectContaining({ code: "EMPTY_DRAWING", contrast: 0, needed: 8 }),
      );
  });

  it("a difference that no eye sees is refused, one that it sees is not", () => {
    const dot = (level: number) => paste(blank(9, 9, level), blank(50, 50, 200), 20, 20);
    expect(() => polarity(dot(193), { ink: "auto" })).toThrow(expect.objectContaining({ contrast: 7, needed: 8 }));
    expect(Math.max(...polarity(dot(192), { ink: "auto" }).data)).toBe(255);
  });

  it("dark ink alone is none where light ink is asked for", () => {
    const image = paste(blank(9, 9, 0), blank(50, 50, 255), 20, 20);
    expect(() => polarity(image, { ink: "light" })).toThrow(expect.objectContaining({ code: "EMPTY_DRAWING" }));
  });
});
