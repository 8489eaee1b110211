import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyPicture, blank, enlarge, gray, inverted, paste, rgba, stroke } from "../test/drawings.ts";
import { EmptyDrawingError, PreprocessError } from "./errors.ts";
import type { GrayImage, RgbaImage } from "./image.ts";
import { preprocess } from "./preprocess.ts";
import { digitSteps, type Step } from "./steps.ts";

const place = (image: RgbaImage) => preprocess(image, digitSteps);
/** Black ink on a white page. */
const page = (ink: GrayImage, width: number, height: number, left: number, top: number) =>
  inverted(paste(ink, blank(width, height), left, top));

describe("a drawing comes out the same", () => {
  it("wherever it stands on a page of whatever size", () => {
    fc.assert(
      fc.property(stroke, fc.nat(200), fc.nat(200), fc.nat(99), (drawing, right, down, at) => {
        const width = drawing.width + 48 + right;
        const height = drawing.height + 48 + down;
        const moved = page(
          drawing,
          width,
          height,
          24 + Math.floor((right * at) / 99),
          24 + Math.floor((down * at) / 99),
        );
        const tight = page(drawing, drawing.width + 48, drawing.height + 48, 24, 24);
        expect(place(rgba(moved))).toEqual(place(rgba(tight)));
      }),
    );
  });

  it("in white on black as in black on white", () => {
    fc.assert(
      fc.property(stroke, (drawing) => {
        const image = page(drawing, drawing.width + 48, drawing.height + 48, 24, 24);
        expect(place(rgba(inverted(image)))).toEqual(place(rgba(image)));
      }),
    );
  });

  it("at any whole enlargement", () => {
    fc.assert(
      fc.property(stroke, fc.integer({ min: 2, max: 6 }), (drawing, times) => {
        const image = page(drawing, drawing.width + 48, drawing.height + 48, 24, 24);
        expect(place(rgba(enlarge(image, times)))).toEqual(place(rgba(image)));
      }),
    );
  });

  it("as ink on transparency as on the paper that shows through", () => {
    fc.assert(
      fc.property(stroke, (drawing) => {
        const sheet = paste(drawing, blank(drawing.width + 48, drawing.height + 48), 24, 24);
        const onTransparency = rgba(blank(sheet.width, sheet.height));
        for (const [i, ink] of sheet.data.entries()) onTransparency.data[4 * i + 3] = ink;
        expect(place(onTransparency)).toEqual(place(rgba(inverted(sheet))));
      }),
    );
  });

  it("whether its bytes are clamped or not, and leaves them alone", () => {
    const image = rgba(page(gray("99", "9."), 50, 50, 20, 20));
    const before = image.data.slice();
    expect(place({ ...image, data: new Uint8Array(image.data) })).toEqual(place(image));
    expect(image.data).toEqual(before);
  });
});

describe("any picture at all", () => {
  it("gives 28 × 28 with peak 255, or is refused as empty", () => {
    fc.assert(
      fc.property(anyPicture(12), (image) => {
        try {
          const { width, height, data } = place(image);
          expect([width, height, data.length, Math.max(...data)]).toEqual([28, 28, 784, 255]);
        } catch (error) {
          if (!(error instanceof EmptyDrawingError)) throw error;
        }
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    [1, 1],
    [1, 300],
    [300, 1],
    [200, 140],
  ])("of one colour, %i × %i, is refused", (width, height) => {
    for (const level of [0, 99, 255])
      for (const alpha of [0, 128, 255])
        expect(() => place(rgba(blank(width, height, level), alpha))).toThrow(EmptyDrawingError);
  });

  it.each([1, 40, 127, 128, 400])("with a mark in a strip 1 × %i or so shows the mark", (length) => {
    const across = blank(length + 60, 1, 255);
    across.data.fill(0, 25, 25 + Math.ceil(length / 9));
    const down: GrayImage = { width: 1, height: across.width, data: across.data };
    const wide = place(rgba(across)).data;
    const tall = place(rgba(down)).data;
    expect(Math.max(...wide)).toBe(255);
    for (let y = 0; y < 28; y++) for (let x = 0; x < 28; x++) expect(tall[28 * x + y]).toBe(wide[28 * y + x]);
  });
});

describe("steps", () => {
  it("may stop early", () => {
    const image = rgba(page(gray("9"), 9, 9, 4, 4));
    expect(preprocess(image, digitSteps.slice(0, 1)).data[40]).toBe(0);
    expect(preprocess(image, digitSteps.slice(0, 2)).data[40]).toBe(255);
  });

  it("take other sizes", () => {
    const other: Step[] = [
      digitSteps[0]!,
      digitSteps[1]!,
      { step: "place-digit", size: 64, box: 50, inkThreshold: 10 },
    ];
    const { width, height, data } = preprocess(rgba(page(gray("9", "9"), 90, 90, 40, 40)), other);
    expect([width, height, data.length]).toEqual([64, 64, 4096]);
    expect(data.filter((level) => level === 255).length).toBe(50 * 25);
  });

  it("are checked before they run", () => {
    expect(() => preprocess(rgba(blank(4, 4)), [{ step: "blur" } as unknown as Step])).toThrow(
      expect.objectContaining({ code: "INVALID_STEP", index: 0, field: "step", found: '"blur"' }),
    );
  });
});

describe("what is no picture is refused by field:", () => {
  const data = new Uint8Array(4 * 6);
  const cases: [what: string, image: unknown, field: string, found: string][] = [
    ["nothing", undefined, "data", "undefined"],
    ["null", null, "data", "object"],
    ["a width of 0", { width: 0, height: 6, data }, "width", "0"],
    ["a negative height", { width: 6, height: -1, data }, "height", "-1"],
    ["half a pixel", { width: 1.5, height: 4, data }, "width", "1.5"],
    ["a width as text", { width: "2", height: 3, data }, "width", "2"],
    ["no height", { width: 6, data }, "height", "undefined"],
    ["RGB without alpha", { width: 4, height: 2, data }, "data", "24 bytes"],
    ["bytes left over", { width: 1, height: 5, data }, "data", "24 bytes"],
    ["no bytes", { width: 1, height: 1, data: new Uint8Array(0) }, "data", "0 bytes"],
    ["floats", { width: 2, height: 3, data: new Float32Array(24) }, "data", "Float32Array"],
    ["a plain list", { width: 2, height: 3, data: [...data] }, "data", "Array"],
    ["a bare buffer", { width: 2, height: 3, data: data.buffer }, "data", "ArrayBuffer"],
  ];
  it.each(cases)("%s", (_, image, field, found) => {
    expect(() => place(image as RgbaImage)).toThrow(expect.objectContaining({ code: "INVALID_IMAGE", field, found }));
    expect(() => place(image as RgbaImage)).toThrow(PreprocessError);
  });
});
