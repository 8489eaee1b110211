import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { UnavailableError } from "../errors.ts";
import { workerFile } from "../worker-file.ts";
import { findSwiftShader } from "./chromium.ts";
import { startNodeProcess } from "./node-process.ts";
import type { Channel } from "./target.ts";

/**
 * A Node process whose WebGPU runs on SwiftShader, on the CPU. onnxruntime loads Vulkan by the name of its loader, and
 * SwiftShader has all that a loader has: under that name, nothing needs to be installed but Chromium.
 */
export async function startOnSwiftShader(name: string, threads: number): Promise<Channel> {
  const { chromium } = await import("playwright-core");
  const driver = findSwiftShader(() => chromium.executablePath());
  if (driver === undefined) throw new UnavailableError(name, "there is no SwiftShader: it comes with Chromium.");
  const folder = await mkdtemp(join(tmpdir(), "onnx-parity-vulkan-"));
  await symlink(driver, join(folder, "libvulkan.so.1"));
  const path = [folder, process.env.LD_LIBRARY_PATH].filter(Boolean).join(":");
  const args = ["webgpu", `${threads}`, "SwiftShader"];
  const channel = startNodeProcess(workerFile("node-target"), args, { LD_LIBRARY_PATH: path });
  return {
    send: channel.send,
    async end() {
      await channel.end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
