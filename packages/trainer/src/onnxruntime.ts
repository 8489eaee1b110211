import { availableParallelism } from "node:os";
import type { InferenceSession } from "onnxruntime-common";

/** onnxruntime-node, its telemetry off: the variable counts only when set before the module is first loaded. */
export function loadOnnxruntime(): Promise<typeof import("onnxruntime-node")> {
  process.env.ORT_DISABLE_TELEMETRY = "1";
  return import("onnxruntime-node");
}

/** Its own count ignores the limits of a container. */
export const threads = (): number => availableParallelism();

export const sessionOptions = (): InferenceSession.SessionOptions => ({
  executionProviders: ["cpu"],
  intraOpNumThreads: threads(),
  logSeverityLevel: 3,
});
