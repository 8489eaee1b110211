import { Worker } from "node:worker_threads";
import type { Engine, RgbaImage } from "@glyphcast/runtime";
import { type PackedError, unpackError } from "./error-transfer.ts";
import { WorkerStoppedError } from "./errors.ts";
import type { EngineSpec } from "./open-engine.ts";

/** A call of one of the engine's functions, and its answer. Call 0 is the opening itself. */
export interface Request {
  readonly id: number;
  readonly call: keyof Engine;
  readonly args: readonly unknown[];
}
export type Response = { readonly id: number } & ({ readonly value: unknown } | { readonly error: PackedError });

/**
 * An engine in a thread of its own. onnxruntime-node's `run` blocks the thread that calls it, and preparing a large
 * picture takes a while too; neither is to hold up a server.
 *
 * The worker keeps the process alive only while a call is under way.
 */
export async function createWorkerEngine(spec: EngineSpec): Promise<Engine> {
  // Source and build lie side by side with their worker, under their own extension.
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const worker = new Worker(new URL(`./engine.worker.${extension}`, import.meta.url), { workerData: spec });
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  let stopped: Error | undefined;
  let calls = 0;

  const stop = (error: Error) => {
    stopped ??= error;
    for (const { reject } of waiting.values()) reject(stopped);
    waiting.clear();
  };
  worker.on("error", (cause) => stop(new WorkerStoppedError(cause.message, { cause })));
  worker.on("exit", (code) => stop(new WorkerStoppedError(`exit code ${code}`)));
  worker.on("message", (response: Response) => {
    const call = waiting.get(response.id);
    waiting.delete(response.id);
    if (waiting.size === 0) worker.unref();
    if ("error" in response) call?.reject(unpackError(response.error));
    else call?.resolve(response.value as never);
  });

  const answerTo = <T>(id: number): Promise<T> => {
    worker.ref();
    return new Promise<T>((resolve, reject) => waiting.set(id, { resolve, reject }));
  };
  const ask = <T>(call: keyof Engine, args: readonly unknown[], taken: readonly ArrayBuffer[] = []): Promise<T> => {
    if (stopped !== undefined) return Promise.reject(stopped);
    const request: Request = { id: ++calls, call, args };
    try {
      worker.postMessage(request, taken);
    } catch (error) {
      return Promise.reject(error); // an argument that cannot be sent
    }
    return answerTo<T>(request.id);
  };

  await answerTo<void>(0).catch(async (error: unknown) => {
    await worker.terminate();
    throw error;
  });
  return {
    pixels({ width, height, data }, mayTake) {
      const bytes = mayTake ? data : ownCopy(data);
      // Field by field: an ImageData's are getters, which would be lost on the way.
      const image: RgbaImage = { width, height, data: bytes };
      return ask("pixels", [image, true], transferable(bytes));
    },
    run(pixels, batch) {
      const bytes = ownCopy(pixels);
      return ask("run", [bytes, batch], transferable(bytes));
    },
    async release() {
      if (stopped === undefined) await ask("release", []);
      await worker.terminate();
    },
  };
}

/** The caller keeps what is his; and a view would take the whole of the buffer it lies in along. */
const ownCopy = <T extends RgbaImage["data"]>(data: T): T | Uint8Array => (isBytes(data) ? new Uint8Array(data) : data);

const transferable = (data: RgbaImage["data"]): readonly ArrayBuffer[] =>
  isBytes(data) && data.buffer instanceof ArrayBuffer ? [data.buffer] : [];

/** What is not is sent as it is, for the engine to refuse. */
const isBytes = (data: unknown): boolean => data instanceof Uint8Array || data instanceof Uint8ClampedArray;
