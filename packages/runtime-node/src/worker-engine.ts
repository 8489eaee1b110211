import { Worker } from "node:worker_threads";
import type { Engine } from "@glyphcast/runtime";
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
    if (stopped !== undefined) return Promise.reject(stopped);
    worker.ref();
    return new Promise<T>((resolve, reject) => waiting.set(id, { resolve, reject }));
  };
  const ask = <T>(call: keyof Engine, ...args: readonly unknown[]): Promise<T> => {
    const request: Request = { id: ++calls, call, args };
    const answer = answerTo<T>(request.id);
    if (stopped === undefined) worker.postMessage(request);
    return answer;
  };

  await answerTo<void>(0).catch(async (error: unknown) => {
    await worker.terminate();
    throw error;
  });
  return {
    pixels: (image) => ask("pixels", image),
    run: (pixels, batch) => ask("run", pixels, batch),
    async release() {
      if (stopped === undefined) await ask("release");
      await worker.terminate();
    },
  };
}
