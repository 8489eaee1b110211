/// <reference path="../../../test/all-close.ts" />
import { expect, it } from "vitest";
import golden from "../fixtures/placed-pictures.json" with { type: "json" };
import { preprocess } from "./preprocess.ts";
import { digitSteps } from "./steps.ts";

it.each(Object.entries(golden.pictures))("%s comes to its golden bytes in a page", async (file, base64) => {
  const blob = await (await fetch(`/test/fixtures/pictures/${file}`)).blob();
  const bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none" });
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d", { willReadFrequently: true })!;
  context.drawImage(bitmap, 0, 0);
  const image = context.getImageData(0, 0, bitmap.width, bitmap.height);
  expect(preprocess(image, digitSteps).data).toBeAllClose(
    Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)),
    { rtol: 0, atol: 0 }, // the same bytes
  );
});
