import {
  DeviceUnavailableError,
  type Engine,
  InferenceError,
  type Manifest,
  messageOf,
  startLocalEngine,
} from "@glyphcast/runtime";
import { decodePicture, type Picture } from "./decode.ts";

export type Device = "cpu" | "cuda" | "webgpu";

/** All that opening a session takes; it can be sent to a worker. */
export interface EngineSpec {
  readonly manifest: Manifest;
  readonly model: Uint8Array;
  readonly device: Device;
  readonly threads: number;
}

/** @throws DeviceUnavailableError, InferenceError, ModelContractError */
export async function openEngine({ manifest, model, device, threads }: EngineSpec): Promise<Engine<Picture>> {
  const { InferenceSession, Tensor } = await import("onnxruntime-node");
  const options = {
    executionProviders: [device],
    intraOpNumThreads: threads,
    logSeverityLevel: 3,
    // Threads that wait for each other give their core away. Spinning instead cost a busy machine half its throughput.
    extra: { session: { intra_op: { allow_spinning: "0" } } },
  } as const;
  const session = await InferenceSession.create(model, options).catch((cause: unknown) => {
    if (device !== "cpu") throw new DeviceUnavailableError(device, messageOf(cause), REMEDIES[device], { cause });
    throw new InferenceError("load the model", cause, "Was it made for a newer version of ONNX Runtime?");
  });
  return startLocalEngine({ decode: decodePicture, manifest, session, Tensor });
}

/**
 * Call it in the main thread before anything opens: onnxruntime-node reads the process's environment when it is first
 * loaded, and a worker's `process.env` is a copy.
 */
export function disableTelemetry(): void {
  process.env.ORT_DISABLE_TELEMETRY ??= "1";
}

const REMEDIES = {
  cuda:
    "It needs Linux on x64, an NVIDIA driver, CUDA 12 and cuDNN 9, and ONNX Runtime's CUDA files, which are not in the " +
    "npm package: ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node",
  webgpu:
    "It needs a GPU driver: Vulkan on Linux x64, Direct3D 12 on Windows, Metal on macOS. On a machine without a GPU, " +
    'device: "cpu" is the faster one.',
} as const;
