import * as ort from "onnxruntime-web/wasm";
import { expect, it } from "vitest";
import { convolveInParts } from "../test/convolve-in-parts.ts";

it("patches beyond the cache, made in parts, give the convolution and its adjoints in a page, too", async () => {
  const { scans, ...errors } = await convolveInParts(ort);
  expect(scans).toBe(3);
  // 288 products of float32 in each output, and a million in each inner product.
  expect(errors.output).toBeLessThan(1e-4);
  expect(errors.dx).toBeLessThan(1e-6);
  expect(errors.dw).toBeLessThan(1e-6);
});
