import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodePng } from "../../../test/conformance/png.ts";
import { PictureError } from "./errors.ts";
import { checkPictureSize, inspectPicture, MAX_PIXELS } from "./picture-file.ts";

const bytes = (...parts: (string | number[])[]): Uint8Array =>
  Uint8Array.from(
    parts.flatMap((part) => (typeof part === "string" ? Array.from(part, (c) => c.charCodeAt(0)) : part)),
  );

const fixture = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../../test/fixtures/pictures/${name}`, import.meta.url)));

const png = encodePng({ width: 3, height: 2, samples: new Uint8Array(24) });

describe("inspectPicture", () => {
  it.each([
    ["PNG", png, 3, 2],
    ["JPEG", fixture("turned.jpg"), 224, 200],
    ["WebP", fixture("lossless.webp"), 224, 224],
    ["WebP", fixture("lossy.webp"), 224, 224],
    ["WebP", fixture("alpha.webp"), 224, 224],
    ["GIF", fixture("drawn.gif"), 224, 224],
  ])("reads format and size of a %s file", (format, file, width, height) => {
    expect(inspectPicture(file)).toEqual({ format, width, height });
  });

  it.each(["turned.jpg", "lossless.webp", "lossy.webp", "alpha.webp", "drawn.gif"])(
    "notices at whatever byte %s was cut short",
    (name) => {
      const file = fixture(name);
      for (let length = 16; length < file.length; length += 7)
        expect(() => inspectPicture(file.subarray(0, length))).toThrow(
          expect.objectContaining({ code: "PICTURE_TRUNCATED" }),
        );
    },
  );

  it("lets what cameras and writers append to a whole file pass", () => {
    for (const file of [png, fixture("turned.jpg"), fixture("lossy.webp"), fixture("drawn.gif")])
      expect(inspectPicture(Uint8Array.from([...file, 0, 0, 0]))).toMatchObject({});
  });

  it.each([
    ["an SVG drawing", bytes('\n<?xml version="1.0"?><!-- by hand --><svg width="9"/>')],
    ["an SVG drawing", bytes([0xef, 0xbb, 0xbf], "<svg/>")],
    ["a PDF file", bytes("%PDF-1.4")],
    ["a BMP file", bytes("BM", [0, 0, 0, 0])],
    ["a TIFF file", bytes("II*", [0, 8, 0, 0, 0])],
    ["an AVIF or HEIC file", bytes([0, 0, 0, 32], "ftypavif")],
    ['text that begins "hello"', bytes("hello")],
    ["a file that begins with the bytes 00 01 02 03", bytes([0, 1, 2, 3])],
  ])("names what it is instead: %s", (found, file) => {
    expect(() => inspectPicture(file)).toThrow(expect.objectContaining({ code: "PICTURE_UNSUPPORTED", found }));
  });

  it("gives a size or a PictureError for any bytes behind any signature", () => {
    const heads = [
      png.slice(0, 24),
      bytes([0xff, 0xd8, 0xff]),
      bytes("RIFF", [9, 0, 0, 0], "WEBPVP8X"),
      bytes("GIF89a"),
      bytes(""),
    ];
    fc.assert(
      fc.property(fc.constantFrom(...heads), fc.uint8Array({ maxLength: 80 }), (head, tail) => {
        try {
          const { width, height } = inspectPicture(Uint8Array.from([...head, ...tail]));
          expect(width * height).toBeLessThanOrEqual(MAX_PIXELS);
        } catch (error) {
          expect(error).toBeInstanceOf(PictureError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("checkPictureSize", () => {
  it("lets 4096 × 4096 through and nothing larger or empty", () => {
    expect(() => checkPictureSize(4096, 4096)).not.toThrow();
    expect(() => checkPictureSize(4097, 4096)).toThrow(expect.objectContaining({ code: "PICTURE_TOO_LARGE" }));
    expect(() => checkPictureSize(0, 7)).toThrow(expect.objectContaining({ code: "PICTURE_EMPTY" }));
  });
});
