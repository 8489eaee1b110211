import { parentPort, workerData } from "node:worker_threads";
import type { Engine } from "@glyphcast/runtime";
import type { Picture } from "./decode.ts";
import { packError } from "./error-transfer.ts";
import { type EngineSpec, openEngine } from "./open-engine.ts";
import type { Request, Response } from "./worker-engine.ts";

/** The far end of `createWorkerEngine`: opens the engine it is told of, then answers calls in the order they come. */
const port = parentPort!;

async function answer(id: number, work: () => Promise<unknown>): Promise<void> {
  try {
    const response: Response = { id, value: await work() };
    port.postMessage(response);
  } catch (error) {
    const response: Response = { id, error: packError(error) };
    port.postMessage(response);
  }
}

let engine: Engine<Picture>;
await answer(0, async () => {
  engine = await openEngine(workerData as EngineSpec);
});

port.on("message", ({ id, call, args }: Request) =>
  answer(id, () => (engine[call] as (...args: readonly unknown[]) => Promise<unknown>)(...args)),
);
