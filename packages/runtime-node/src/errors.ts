import { RuntimeError } from "@glyphcast/runtime";

/** The thread that runs the model is gone; no answer will come from it any more. */
export class WorkerStoppedError extends RuntimeError {
  override readonly name = "WorkerStoppedError";
  readonly code = "WORKER_STOPPED";
  constructor(why: string, options?: ErrorOptions) {
    super(
      `The model's worker thread stopped: ${why}.\n` +
        "  load() the model again. Where a bundler left the worker's file behind, keep @glyphcast/runtime-node " +
        "external, or pass worker: false.",
      options,
    );
  }
}
