import { describe, expect, it } from "vitest";
import { devicesFor, LARGE_MODEL_BYTES, openFirst } from "./devices.ts";

describe("devicesFor", () => {
  const choice = { gpu: "webgpu", always: "wasm" } as const;

  it("means the always available one by auto, with the GPU before it for large models", () => {
    expect(devicesFor("auto", LARGE_MODEL_BYTES - 1, choice)).toEqual(["wasm"]);
    expect(devicesFor("auto", LARGE_MODEL_BYTES, choice)).toEqual(["webgpu", "wasm"]);
  });

  it("means nothing else by a name", () => {
    expect(devicesFor("webgpu", 1, choice)).toEqual(["webgpu"]);
    expect(devicesFor("wasm", LARGE_MODEL_BYTES, choice)).toEqual(["wasm"]);
  });
});

describe("openFirst", () => {
  const missing = new Error("no driver");
  const open = async (device: string) => {
    if (device === "gpu") throw missing;
    return `session on ${device}`;
  };

  it("falls back, and tells why", async () => {
    expect(await openFirst(["gpu", "cpu"], open)).toEqual({
      opened: "session on cpu",
      device: "cpu",
      fallbacks: [{ wanted: "gpu", reason: "no driver" }],
    });
  });

  it("throws when there is nothing left to fall back to", async () => {
    await expect(openFirst(["gpu"], open)).rejects.toBe(missing);
  });
});
