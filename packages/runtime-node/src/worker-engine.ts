import { Worker } from "node:worker_threads";
import type { Engine } from "@glyphcast/runtime";
import { type Picture, sourceOf } from "./decode.ts";
import { type PackedError, unpackError } from "./error-transfer.ts";
import { WorkerStoppedError } from "./errors.ts";
import type { EngineSpec } from "./open-engine.ts";

type Call = keyof Engine<Picture>;

/** A call of one of the engine's functions, and its answer. Call 0 is the opening itself. */
export interface Request {
  readonly id: number;
  readonly call: Call;
  readonly args: readonly unknown[];
}
export type Response = { readonly id: number } & ({ readonly value: unknown } | { readonly error: PackedError });

/**
 * An engine in a thread of its own. onnxruntime-node's `run` blocks the thread that calls it, and decoding and preparing
 * a large picture take a while too; none of them is to hold up a server.
 *
 * The worker keeps the process alive only while a call is under way.
 */
export async function createWorkerEngine(spec: EngineSpec): Promise<Engine<Picture>> {
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
  const ask = <T>(call: Call, args: readonly unknown[], taken: readonly ArrayBuffer[] = []): Promise<T> => {
    if (stopped !== undefined) return Promise.reject(stopped);
    const request: Request = { id: ++calls, call, args };
    try {
      worker.postMessage(request, taken);
    } catch (error) {
      return Promise.reject(error); // an argument that cannot be sent
    }
    return answerTo<T>(request.id);
  };

  /** The caller keeps what is his; and a view would take the whole of the buffer that it lies in along. */
  const sendOwn = <T>(
    data: Uint8Array | Uint8ClampedArray,
    message: (copy: typeof data) => [call: Call, args: readonly unknown[]],
  ): Promise<T> => {
    // Anything else is sent as it is, for the engine to refuse.
    if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray)) return ask(...message(data));
    const copy = new Uint8Array(data);
    return ask(...message(copy), [copy.buffer]);
  };

  await answerTo<void>(0).catch(async (error: unknown) => {
    await worker.terminate();
    throw error;
  });
  return {
    async pixels(picture) {
      const source = sourceOf(picture);
      if (typeof source === "string") return ask("pixels", [source]);
      if (source instanceof Uint8Array) return sendOwn(source, (bytes) => ["pixels", [bytes]]);
      return sendOwn(source.data, (data) => ["pixels", [{ ...source, data }]]);
    },
    run: (pixels, batch) => sendOwn(pixels, (bytes) => ["run", [bytes, batch]]),
    async release() {
      if (stopped === undefined) await ask("release", []);
      await worker.terminate();
    },
  };
}
