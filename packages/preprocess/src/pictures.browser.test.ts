/// <reference path="../../../test/all-close.ts" />
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

it.each(cases)("$file comes to its golden bytes as $as in a page", async ({ file, steps, base64 }) => {
  const blob = await (await fetch(`/test/fixtures/pictures/${file}`)).blob();
  const bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none" });
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d", { willReadFrequently: true })!;
  context.drawImage(bitmap, 0, 0);
  const image = context.getImageData(0, 0, bitmap.width, bitmap.height);
  expect(preprocess(image, steps).data).toBeAllClose(
    Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)),
    { rtol: 0, atol: 0 }, // the same bytes
  );
});
