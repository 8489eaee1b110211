import { availableParallelism } from "node:os";
import process from "node:process";
import { encodeModel, GraphBuilder, modelOf } from "@glyphcast/onnx";
import { ParityError, UnavailableError } from "../errors.ts";
import { workerFile } from "../worker-file.ts";
import { startBrowserPage } from "./browser-page.ts";
import { startNodeProcess } from "./node-process.ts";
import { RUNTIMES, type RuntimeName, type RuntimeSpec } from "./runtimes.ts";
import { startOnSwiftShader } from "./swiftshader.ts";
import { type Channel, type Target, targetOf } from "./target.ts";

/**
 * Starts a runtime, and has it run a model of one node; TF.js, which takes no .onnx, has to load.
 * @throws UnavailableError when it is not here, or cannot do that.
 */
export async function startTarget(spec: RuntimeSpec): Promise<Target> {
  const { label } = spec;
  let reason: unknown;
  for (const open of waysToStart(spec)) {
    let target: Target | undefined;
    try {
      target = targetOf(label, await open());
      await prove(target, spec);
      return target;
    } catch (error) {
      reason ??= error;
      await target?.stop();
    }
  }
  if (!(reason instanceof ParityError) || reason instanceof UnavailableError) throw reason;
  const said = "reason" in reason ? String(reason.reason).trim() : reason.message;
  // onnxruntime's own begins with its source file and its C++ types.
  const message = /was false\. (.*)$/s.exec(said)?.[1] ?? said;
  throw new UnavailableError(label, message + (NEEDS[spec.runtime] ?? ""), { cause: reason });
}

const NEEDS: Readonly<Partial<Record<RuntimeName, string>>> = {
  "node-webgpu":
    "\n  On Linux it needs Vulkan: a GPU's driver and the loader (Debian: libvulkan1), or SwiftShader as Chromium brings it.",
  tfjs:
    "\n  Install it: npm install @tensorflow/tfjs-core @tensorflow/tfjs-backend-cpu @tensorflow/tfjs-layers " +
    "@tensorflow/tfjs-converter",
  "node-cuda": "\n  It needs CUDA and onnxruntime's CUDA libraries: npx onnxruntime-node-install-cuda.",
};

function waysToStart({
  label,
  runtime,
  threads = Math.min(4, availableParallelism()),
}: RuntimeSpec): (() => Promise<Channel> | Channel)[] {
  const { place, provider } = RUNTIMES[runtime];
  if (place === "browser") return [() => startBrowserPage(label, provider, threads)];
  if (provider === "tfjs") return [() => startNodeProcess(workerFile("tfjs-target"))];
  const plain = () => startNodeProcess(workerFile("node-target"), [provider, `${provider === "wasm" ? 1 : threads}`]);
  // A GPU's own driver first; where there is none, SwiftShader.
  const swiftShader = provider === "webgpu" && process.platform === "linux";
  return swiftShader ? [plain, () => startOnSwiftShader(label, threads)] : [plain];
}

const START_SECONDS = 30;

async function prove(target: Target, { runtime }: RuntimeSpec): Promise<void> {
  await target.ask({ kind: "describe" }, START_SECONDS);
  if (runtime === "tfjs") return;
  const g = new GraphBuilder("probe");
  g.output(g.op("Neg", [g.input("x", "float32", [1])]), "y");
  await target.ask({ kind: "open", model: encodeModel(modelOf(g.build())) }, START_SECONDS);
  const x = { dtype: "float32", shape: [1], data: Float32Array.of(1) } as const;
  await target.ask({ kind: "run", feeds: { x } }, START_SECONDS);
}
