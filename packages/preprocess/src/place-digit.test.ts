import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blank, enlarge, gray, paste, stroke } from "../test/drawings.ts";
import { EmptyDrawingError } from "./errors.ts";
import type { GrayImage } from "./image.ts";
import { placeDigit } from "./place-digit.ts";

const MNIST = { size: 28, box: 20, inkThreshold: 64 };

/** The centre of mass, in indices. */
function centreOf({ width, data }: GrayImage): { x: number; y: number } {
  let [mass, x, y] = [0, 0, 0];
  for (const [i, level] of data.entries()) {
    mass += level;
    x += level * (i % width);
    y += level * Math.floor(i / width);
  }
  return { x: x / mass, y: y / mass };
}

function extent({ width, data }: GrayImage): { width: number; height: number } {
  const inked = [...data.keys()].filter((i) => data[i]! > 0);
  const columns = inked.map((i) => i % width);
  const rows = inked.map((i) => Math.floor(i / width));
  return {
    width: Math.max(...columns) - Math.min(...columns) + 1,
    height: Math.max(...rows) - Math.min(...rows) + 1,
  };
}

describe("a drawing", () => {
  it("gets 20 pixels along its longer side, peak 255 and its centre of mass on pixel (14, 14)", () => {
    fc.assert(
      fc.property(stroke, (drawing) => {
        const placed = placeDigit(drawing, MNIST);
        expect([placed.width, placed.height, placed.data.length]).toEqual([28, 28, 784]);
        expect(Math.max(...placed.data)).toBe(255);
        // A drawing whose mass is far from its middle is cut off where it leaves the picture.
        const { width, height } = extent(placed);
        expect(Math.max(width, height)).toBeLessThanOrEqual(20);
        const { x, y } = centreOf(placed);
        fc.pre(Math.max(width, height) === 20);
        // Half a pixel by choice, and a little because levels are rounded.
        expect(Math.max(Math.abs(x - 14), Math.abs(y - 14))).toBeLessThanOrEqual(0.51);
      }),
    );
  });

  it("comes out the same wherever it stands", () => {
    fc.assert(
      fc.property(stroke, fc.nat(40), fc.nat(40), (drawing, left, top) => {
        const sheet = blank(drawing.width + 45, drawing.height + 45);
        expect(placeDigit(paste(drawing, sheet, left, top), MNIST)).toEqual(placeDigit(drawing, MNIST));
      }),
    );
  });

  it("comes out the same at any whole enlargement", () => {
    fc.assert(
      fc.property(stroke, fc.integer({ min: 2, max: 7 }), (drawing, times) => {
        expect(placeDigit(enlarge(drawing, times), MNIST)).toEqual(placeDigit(drawing, MNIST));
      }),
    );
  });

  it("comes back as it is when it is placed already", () => {
    const drawing = blank(28, 28);
    for (let y = 4; y < 24; y++) for (let x = 12; x < 17; x++) drawing.data[28 * y + x] = x === 14 ? 255 : 90 + x;
    expect(placeDigit(drawing, MNIST)).toEqual(drawing);
  });

  it("keeps the faint edge around its box", () => {
    const faint = gray("3333333333", "3999999993", "3999999993", "3333333333");
    const { data } = placeDigit(faint, { size: 16, box: 8, inkThreshold: 128 });
    expect(data.filter((level) => level === 85).length).toBe(2 * 10 + 2 * 2);
  });
});

describe("unlikely pictures", () => {
  it.each([
    [1, 1],
    [1, 57],
    [57, 1],
    [1, 5000],
    [5000, 1],
  ])("%i × %i of ink is a bar or a square", (width, height) => {
    const placed = placeDigit(blank(width, height, 200), MNIST);
    expect(Math.max(...placed.data)).toBe(255);
    const { width: across, height: down } = extent(placed);
    expect(Math.max(across, down)).toBe(20);
    if (width < height) expect(across).toBeLessThanOrEqual(2);
  });

  it("with a drawing out of all proportion lose what falls outside", () => {
    const flag = blank(400, 400);
    for (let i = 0; i < 400; i++) flag.data[i * 400] = 255;
    const heavy = paste(blank(150, 60, 255), flag, 0, 340);
    expect(placeDigit(heavy, { size: 20, box: 20, inkThreshold: 64 }).data).toHaveLength(400);
  });

  it("without ink over the threshold are refused", () => {
    expect(() => placeDigit(blank(9, 9, 64), MNIST)).toThrow(
      expect.objectContaining({ code: "EMPTY_DRAWING", contrast: 64, needed: 65 }),
    );
    expect(() => placeDigit(blank(9, 9, 64), MNIST)).toThrow(EmptyDrawingError);
  });
});
