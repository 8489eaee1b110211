import { expect, it } from "vitest";
import { importPeer } from "./peers.ts";

it("loads a package that is there, and names one that is not", async () => {
  await expect(importPeer("onnx-proto", () => import("onnx-proto"))).resolves.toHaveProperty("onnx");
  const absent = "no-such-package";
  const load = () => Promise.reject(Object.assign(new Error(), { code: "ERR_MODULE_NOT_FOUND" }));
  await expect(importPeer(absent, load)).rejects.toThrow(/no-such-package/);
  const broken = () => Promise.reject(new Error("its binary is not here"));
  await expect(importPeer("onnx-proto", broken)).rejects.toThrow("its binary");
});
