import { availableParallelism } from "node:os";
import {
  checkChoice,
  checkCount,
  checkFolder,
  checkOptions,
  devicesFor,
  fetchModel,
  Model,
  openFirst,
  type Progress,
} from "@glyphcast/runtime";
import type { Picture } from "./decode.ts";
import { findVersion, folderOnDisk } from "./folder.ts";
import { type Device, disableTelemetry, openEngine } from "./open-engine.ts";
import { createWorkerEngine } from "./worker-engine.ts";

export interface LoadOptions {
  /**
   * What runs the model. "auto" is "cpu", but for models of 16 MiB and more, which try "cuda" first. A device asked for
   * by name and missing is an error.
   */
  readonly device?: Device | "auto";
  /** Threads a run may use: by default as many as the process may keep busy. */
  readonly threads?: number;
  /**
   * Whether the model gets a thread of its own, which keeps the event loop free. Without, every call blocks the caller's
   * thread for as long as the model takes: for scripts, and for threads that do nothing else.
   */
  readonly worker?: boolean;
  readonly onProgress?: (progress: Progress) => void;
  /** Gives up loading; what is thrown is the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Loads a model from its version folder (`models/digits/1`), or the newest version of a model (`models/digits`).
 *
 * @throws ModelNotFoundError, ManifestError, ModelMismatchError, ModelContractError, DeviceUnavailableError,
 *   InferenceError, UnknownOptionError, OptionValueError
 */
export async function load(folder: string | URL, options: LoadOptions = {}): Promise<Model<Picture>> {
  checkFolder(folder);
  checkOptions("load", options, ["device", "threads", "worker", "onProgress", "signal"]);
  const { device: wanted = "auto", threads = availableParallelism(), worker = true, onProgress, signal } = options;
  checkChoice("device", wanted, ["auto", "cpu", "cuda", "webgpu"]);
  checkCount("threads", threads);
  signal?.throwIfAborted();

  const { manifest, model } = await fetchModel(folderOnDisk(await findVersion(folder), signal), onProgress);
  signal?.throwIfAborted();

  disableTelemetry();
  const open = worker ? createWorkerEngine : openEngine;
  const devices = devicesFor<Device>(wanted, model.length, { gpu: "cuda", always: "cpu" });
  const {
    opened: engine,
    device,
    fallbacks,
  } = await openFirst(devices, (device) => open({ manifest, model, device, threads }));
  if (signal?.aborted) {
    await engine.release();
    throw signal.reason;
  }
  return new Model({
    manifest,
    engine,
    provider: { name: device, threads, fallbacks },
    maxBatch: MAX_BATCH,
  });
}

/** Past this a digit model gains no speed, and its memory still grows. */
const MAX_BATCH = 64;
