import { expect, it } from "vitest";

it("runs in a real, cross-origin isolated browser", () => {
  expect(navigator.userAgent).toMatch(/Chrome/);
  expect(globalThis.crossOriginIsolated).toBe(true);
});
