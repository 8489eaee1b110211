import { readFileSync } from "node:fs";
import { toCanvasGrid } from "@glyphcast/runtime";
import sharp from "sharp";
import { expect, it } from "vitest";
import fitted from "../fixtures/fitted-pictures.json" with { type: "json" };
import golden from "../fixtures/placed-pictures.json" with { type: "json" };
import { preprocess } from "./preprocess.ts";
import { digitSteps, parseSteps } from "./steps.ts";

const cases = [
  ...Object.entries(golden.pictures).map(([file, base64]) => ({ file, as: "a digit", steps: digitSteps, base64 })),
  ...Object.entries(fitted.pictures).map(([file, base64]) => ({
    file,
    as: "a small colour picture",
    steps: parseSteps(fitted.steps),
    base64,
  })),
];

it("golden bytes were made with these steps", () => {
  expect(golden.steps).toEqual(digitSteps);
  expect(Object.keys(golden.pictures).length).toBeGreaterThanOrEqual(24);
});

it.each(cases)("$file comes to its golden bytes as $as", async ({ file, steps, base64 }) => {
  const bytes = readFileSync(new URL(`../../../test/fixtures/pictures/${file}`, import.meta.url));
  const { data, info } = await sharp(bytes)
    .toColourspace("srgb")
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const image = toCanvasGrid({ width: info.width, height: info.height, data: new Uint8Array(data) });
  expect(preprocess(image, steps).data).toBeAllClose(new Uint8Array(Buffer.from(base64, "base64")), {
    rtol: 0,
    atol: 0, // the same bytes
  });
});
