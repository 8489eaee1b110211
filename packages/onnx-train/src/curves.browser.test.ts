import * as ort from "onnxruntime-web/wasm";
import { expect, it } from "vitest";
import { expectedLosses, networkNames, trainedLosses } from "../test/curves.ts";

it.each(networkNames)("%s: twenty steps in a page lose what they lose in PyTorch", async (name) => {
  expect(await trainedLosses(ort, name)).toBeAllClose(expectedLosses(name), { rtol: 1e-4, atol: 0 });
});
