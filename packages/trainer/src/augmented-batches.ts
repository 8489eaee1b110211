import { on } from "node:events";
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { Augmentation } from "./augment/augment.ts";
import type { LabelledImages } from "./datasets/labelled-images.ts";

export interface BatchPlan {
  /** In shared memory, or every worker start copies them. */
  readonly images: LabelledImages;
  readonly batchSize: number;
  readonly epochs: number;
  readonly seed: number;
  readonly augmentation: Augmentation;
  /** The first step to take, counted from 0 over all epochs: those before it are done. */
  readonly firstStep?: number;
  /** Batches in circulation: how far the worker may be ahead. */
  readonly ahead: number;
}

/** Pictures to take one step on. */
export interface Batch {
  readonly epoch: number;
  readonly pixels: Uint8Array<ArrayBuffer>;
  readonly labels: Uint8Array<ArrayBuffer>;
}

/** How many whole batches an epoch has; what is left over waits for another epoch's order. */
export const stepsPerEpoch = ({ images, batchSize }: Pick<BatchPlan, "images" | "batchSize">): number =>
  Math.floor(images.count / batchSize);

/**
 * The batches of a whole training run, shuffled and augmented ahead of their use by a worker thread. The sequence
 * depends on the plan only, never on timing. A batch is valid until the next one is asked for: its buffers go back to
 * the worker then.
 */
export async function* augmentedBatches(plan: BatchPlan): AsyncGenerator<Batch, void, undefined> {
  // The worker stands beside this file, as source and as built.
  const file = new URL(`./augment.worker${extname(import.meta.url)}`, import.meta.url);
  const worker = new Worker(file, { workerData: plan });
  try {
    for await (const [batch] of on(worker, "message", { close: ["exit"] }) as AsyncIterable<[Batch]>) {
      yield batch;
      const { pixels, labels } = batch;
      worker.postMessage({ pixels, labels }, [pixels.buffer, labels.buffer]);
    }
  } finally {
    await worker.terminate();
  }
}
