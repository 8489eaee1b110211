import { expect, it } from "vitest";
import { color } from "./color.ts";

it("keeps opaque colours, and lays see-through ones on the paper", () => {
  const data = Uint8Array.of(1, 2, 3, 255, 200, 100, 0, 0, 200, 100, 0, 51);
  expect(color({ width: 3, height: 1, data }, { paper: [0, 50, 255] })).toEqual({
    width: 3,
    height: 1,
    channels: 3,
    data: Uint8Array.of(1, 2, 3, 0, 50, 255, 40, 60, 204),
  });
});
