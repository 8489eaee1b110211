import { readFileSync } from "node:fs";
import { toCanvasGrid } from "@glyphcast/runtime";
import sharp from "sharp";
import { expect, it } from "vitest";
import golden from "../fixtures/placed-pictures.json" with { type: "json" };
import { preprocess } from "./preprocess.ts";
import { digitSteps } from "./steps.ts";

it("golden bytes were made with these steps", () => {
  expect(golden.steps).toEqual(digitSteps);
  expect(Object.keys(golden.pictures).length).toBeGreaterThanOrEqual(24);
});

it.each(Object.entries(golden.pictures))("%s comes to its golden bytes", async (file, base64) => {
  const bytes = readFileSync(new URL(`../../../test/fixtures/pictures/${file}`, import.meta.url));
  const { data, info } = await sharp(bytes)
    .toColourspace("srgb")
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const image = toCanvasGrid({ width: info.width, height: info.height, data: new Uint8Array(data) });
  expect(preprocess(image, digitSteps).data).toBeAllClose(new Uint8Array(Buffer.from(base64, "base64")), {
    rtol: 0,
    atol: 0, // the same bytes
  });
});
