import { UnknownRuntimeError, UsageError } from "../errors.ts";

/** Every runtime: where it lives, and the execution provider that its sessions ask for. */
export const RUNTIMES = {
  "node-cpu": { place: "node", provider: "cpu" },
  "node-wasm": { place: "node", provider: "wasm" },
  "node-webgpu": { place: "node", provider: "webgpu" },
  "node-cuda": { place: "node", provider: "cuda" },
  "browser-wasm": { place: "browser", provider: "wasm" },
  "browser-webgpu": { place: "browser", provider: "webgpu" },
  // Not the .onnx itself, but the model that it was converted from.
  tfjs: { place: "node", provider: "tfjs" },
} as const;

export type RuntimeName = keyof typeof RUNTIMES;

export const RUNTIME_NAMES = Object.keys(RUNTIMES) as readonly RuntimeName[];

/** A runtime as it is asked for: `browser-wasm`, or with a number of threads `browser-wasm:2`. */
export interface RuntimeSpec {
  readonly label: string;
  readonly runtime: RuntimeName;
  readonly threads?: number;
}

export function runtimeFrom(label: string): RuntimeSpec {
  const [name = "", threads, ...rest] = label.split(":");
  if (!Object.hasOwn(RUNTIMES, name)) throw new UnknownRuntimeError(label, RUNTIME_NAMES);
  const runtime = name as RuntimeName;
  if (threads === undefined) return { label, runtime };
  const count = Number(threads);
  if (rest.length > 0 || !Number.isInteger(count) || count < 1 || count > 256)
    throw new UsageError(`"${label}": expected a number of threads behind the colon, as in ${name}:2.`);
  if (runtime === "tfjs" && count > 1) throw new UsageError(`"${label}": TF.js has one thread.`);
  if (runtime === "node-wasm" && count > 1)
    throw new UsageError(`"${label}": onnxruntime-web has one thread on Node. browser-wasm:${count} has more.`);
  return { label, runtime, threads: count };
}
