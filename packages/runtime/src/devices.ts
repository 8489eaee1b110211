import { messageOf } from "./errors.ts";

/** What was wanted, is not what runs, and why. */
export interface Fallback {
  readonly wanted: string;
  readonly reason: string;
}

/** What really runs the model. */
export interface Provider {
  /** onnxruntime's name of the execution provider. */
  readonly name: string;
  readonly threads: number;
  /** Empty when everything is as it was wanted. */
  readonly fallbacks: readonly Fallback[];
}

/**
 * A model from this size on is worth a GPU under `device: "auto"`. Below, a call costs less than handing it to the GPU
 * does, and CPU answers agree across machines to 1e-5 where GPU answers agree to 1e-3.
 */
export const LARGE_MODEL_BYTES: number = 16 * 2 ** 20;

/** The devices to try, best first; what stands last under "auto" always works. */
export function devicesFor<Device extends string>(
  device: Device | "auto",
  modelBytes: number,
  { gpu, always }: { gpu: Device; always: Device },
): readonly Device[] {
  if (device !== "auto") return [device as Device];
  return modelBytes < LARGE_MODEL_BYTES ? [always] : [gpu, always];
}

/** Opens the first device that can be opened, and says why the ones before it could not. The last one's error is thrown. */
export async function openFirst<Device extends string, T>(
  devices: readonly Device[],
  open: (device: Device) => Promise<T>,
): Promise<{ opened: T; device: Device; fallbacks: readonly Fallback[] }> {
  const fallbacks: Fallback[] = [];
  for (const [place, device] of devices.entries()) {
    try {
      return { opened: await open(device), device, fallbacks };
    } catch (error) {
      if (place === devices.length - 1) throw error;
      fallbacks.push({ wanted: device, reason: messageOf(error) });
    }
  }
  throw new Error("bug: no device to try");
}
