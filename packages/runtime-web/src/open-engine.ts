import {
  createQueue,
  DeviceUnavailableError,
  type Engine,
  InferenceError,
  type Manifest,
  messageOf,
  startLocalEngine,
} from "@glyphcast/runtime";
import { decodePicture, type Picture } from "./decode.ts";
import { WasmLoadError } from "./errors.ts";

export type Device = "wasm" | "webgpu";

/** Where onnxruntime-web's files are: the folder's URL, or the URL of each. */
export type WasmPaths = string | { readonly wasm?: string | URL; readonly mjs?: string | URL };

export interface EngineSpec {
  readonly manifest: Manifest;
  readonly model: Uint8Array;
  readonly device: Device;
  readonly threads: number;
  readonly wasmPaths: WasmPaths | undefined;
}

export interface OpenedEngine {
  readonly engine: Engine<Picture>;
  /** Those in effect. */
  readonly threads: number;
}

/** onnxruntime-web neither creates nor runs two sessions at the same time. */
const queue = createQueue();

/** Threads are started once for all sessions of a page, by the first. */
const threadsOf = new Map<Device, number>();

/** @throws DeviceUnavailableError, WasmLoadError, InferenceError, ModelContractError */
export async function openEngine({ manifest, model, device, threads, wasmPaths }: EngineSpec): Promise<OpenedEngine> {
  if (device === "webgpu") await requireWebGpu();
  const { InferenceSession, Tensor, env } = await IMPORTS[device]();
  if (!threadsOf.has(device)) threadsOf.set(device, threads);
  env.wasm.numThreads = threadsOf.get(device)!;
  if (wasmPaths !== undefined) env.wasm.wasmPaths = wasmPaths;

  const session = await queue(() => InferenceSession.create(model, { executionProviders: [device] })).catch(
    (cause: unknown) => {
      const reason = messageOf(cause);
      if (/no available backend|initWasm/.test(reason)) throw new WasmLoadError(reason, { cause });
      if (device === "webgpu") throw new DeviceUnavailableError(device, reason, WEBGPU_REMEDY, { cause });
      throw new InferenceError("load the model", cause, "Was it made for a newer version of ONNX Runtime?");
    },
  );
  const engine = await startLocalEngine({ decode: decodePicture, manifest, session, Tensor, queue });
  return { engine, threads: threadsOf.get(device)! };
}

/** Two builds of ONNX Runtime: the one with WebGPU weighs 6.8 MB (gzip) instead of 3.8, and is only loaded when asked for. */
const IMPORTS = {
  wasm: () => import("onnxruntime-web/wasm"),
  webgpu: () => import("onnxruntime-web/webgpu"),
} as const;

async function requireWebGpu(): Promise<void> {
  const { gpu } = navigator as { gpu?: { requestAdapter(): Promise<unknown> } };
  if (gpu === undefined) throw new DeviceUnavailableError("webgpu", "this browser has no WebGPU", WEBGPU_REMEDY);
  const adapter = await gpu.requestAdapter();
  if (adapter === null) throw new DeviceUnavailableError("webgpu", "the browser offers no GPU adapter", WEBGPU_REMEDY);
}

const WEBGPU_REMEDY =
  'Use a current browser on a machine whose GPU it has not blocked (chrome://gpu tells), or device: "wasm".';
