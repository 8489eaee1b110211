// The process that a node-* target lives in: onnxruntime, and requests from its parent.
import fs, { rmSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { Request } from "./target/protocol.ts";
import { makeRunner, type Onnxruntime, type RunnerOptions } from "./target/runner.ts";

// Counts only when set before the module is first loaded.
process.env.ORT_DISABLE_TELEMETRY = "1";

const [provider = "", threads = "", adapter = ""] = process.argv.slice(2);

/** WebAssembly writes its profile to standard output, past the console. Nobody else reads that here. */
const heard: string[] = [];
if (provider === "wasm") {
  const { writeSync } = fs;
  fs.writeSync = ((file: number, data: string | NodeJS.ArrayBufferView, ...rest: never[]) => {
    if (file !== process.stdout.fd) return writeSync(file, data as string, ...rest);
    const text = String(data);
    heard.push(...text.split("\n"));
    return text.length;
  }) as typeof writeSync;
}

async function load(): Promise<{ readonly ort: Onnxruntime; readonly library: string }> {
  if (provider !== "wasm") {
    const ort = await import("onnxruntime-node");
    return { ort, library: `onnxruntime-node ${ort.env.versions.node}` };
  }
  const ort = await import("onnxruntime-web/wasm");
  ort.env.wasm.numThreads = 1;
  return { ort, library: `onnxruntime-web ${ort.env.versions.web}` };
}

const { ort, library } = await load();
let profiles = "";
process.on("disconnect", () => {
  if (profiles) rmSync(profiles, { recursive: true, force: true });
  process.exit();
});

const inFiles: RunnerOptions["profile"] = {
  async begin() {
    profiles = await mkdtemp(join(tmpdir(), "onnx-parity-profile-"));
    return join(profiles, "profile");
  },
  async end() {
    const files = await readdir(profiles);
    const texts = await Promise.all(files.map((file) => readFile(join(profiles, file), "utf8")));
    await rm(profiles, { recursive: true, force: true });
    return texts.flatMap((text) => text.split("\n"));
  },
};

const runner = makeRunner(ort, {
  provider,
  threads: Number(threads),
  environment: {
    library,
    runtime: `Node ${process.versions.node}`,
    cpu: cpus()[0]?.model ?? "unknown",
    threads: Number(threads),
    provider,
    ...(adapter && { adapter }),
  },
  profile: provider === "wasm" ? { begin: async () => "profile", end: async () => heard.splice(0) } : inFiles,
});

process.on("message", async (request: Request) => process.send?.(await runner.handle(request)));
process.send?.("ready");
