import { expect, it } from "vitest";
import { expectedLosses, networkNames, trainedLosses } from "../test/curves.ts";
import { ort } from "./testing.ts";

// Adam divides by small numbers, so that rounding grows from step to step; 1e-4 is what twenty steps leave of float32.
it.each(networkNames)("%s: twenty steps lose what they lose in PyTorch", async (name) => {
  expect(await trainedLosses(ort, name)).toBeAllClose(expectedLosses(name), { rtol: 1e-4, atol: 0 });
});
