import { type Fallback, LARGE_MODEL_BYTES } from "@glyphcast/runtime";

/** More than this gain little, and each is a worker that has to start. */
const MOST_THREADS = 4;

/**
 * Threads share memory, which pages only get when cross-origin isolated. By default a small model runs on one: it reads
 * a picture no sooner on two, and the page's own thread would wait for the other's turn.
 */
export function chooseThreads(wanted: number | undefined, modelBytes: number): number {
  if (!globalThis.crossOriginIsolated) return 1;
  return wanted ?? (modelBytes < LARGE_MODEL_BYTES ? 1 : Math.min(MOST_THREADS, navigator.hardwareConcurrency));
}

/** Why another number of threads runs than was asked for, if so. */
export function threadFallbacks(wanted: number | undefined, inEffect: number): readonly Fallback[] {
  if (wanted === undefined || wanted === inEffect) return [];
  const reason = globalThis.crossOriginIsolated
    ? "the first model of this page chose another number"
    : "the page is not cross-origin isolated; serve it with Cross-Origin-Opener-Policy: same-origin and " +
      "Cross-Origin-Embedder-Policy: require-corp";
  return [{ wanted: `threads: ${wanted}`, reason }];
}
