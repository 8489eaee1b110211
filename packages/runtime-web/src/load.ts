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
import { InsecureContextError } from "./errors.ts";
import { folderAt } from "./folder.ts";
import { nextTask } from "./next-task.ts";
import { type Device, openEngine, type WasmPaths } from "./open-engine.ts";
import { chooseThreads, threadFallbacks } from "./threads.ts";

export interface LoadOptions {
  /**
   * What runs the model. "auto" is "wasm", but for models of 16 MiB and more, which try "webgpu" first. A device asked
   * for by name and missing is an error.
   */
  readonly device?: Device | "auto";
  /**
   * Threads of the WASM build, where the page is cross-origin isolated; one elsewhere. By default one for a small model
   * and up to four for one of 16 MiB and more. The first load of a page decides.
   */
  readonly threads?: number;
  /** Where onnxruntime-web's files are, if the bundler did not take them along. The first load of a page decides. */
  readonly wasmPaths?: WasmPaths;
  readonly onProgress?: (progress: Progress) => void;
  /** Gives up loading; what is thrown is the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Loads a model from the URL of its version folder (`/models/digits/1`).
 *
 * @throws ModelNotFoundError, ManifestError, ModelMismatchError, ModelContractError, DeviceUnavailableError,
 *   WasmLoadError, InferenceError, InsecureContextError, UnknownOptionError, OptionValueError
 */
export async function load(folder: string | URL, options: LoadOptions = {}): Promise<Model<Picture>> {
  checkFolder(folder);
  checkOptions("load", options, ["device", "threads", "wasmPaths", "onProgress", "signal"]);
  const { device: wanted = "auto", wasmPaths, onProgress, signal } = options;
  checkChoice("device", wanted, ["auto", "wasm", "webgpu"]);
  if (options.threads !== undefined) checkCount("threads", options.threads);
  signal?.throwIfAborted();
  if (globalThis.crypto?.subtle === undefined) throw new InsecureContextError(globalThis.location.origin);

  const { manifest, model } = await fetchModel(folderAt(folder, signal), onProgress);
  signal?.throwIfAborted();

  const devices = devicesFor<Device>(wanted, model.length, { gpu: "webgpu", always: "wasm" });
  const { opened, device, fallbacks } = await openFirst(devices, (device) =>
    openEngine({ manifest, model, device, threads: chooseThreads(options.threads, model.length), wasmPaths }),
  );
  const { engine, threads } = opened;
  if (signal?.aborted) {
    await engine.release();
    throw signal.reason;
  }
  return new Model({
    manifest,
    engine,
    provider: { name: device, threads, fallbacks: [...fallbacks, ...threadFallbacks(options.threads, threads)] },
    maxBatch: MAX_BATCH,
    breathe: nextTask,
  });
}

/** Small, since the page stands still for one batch. */
const MAX_BATCH = 16;
