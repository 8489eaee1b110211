import type { Fallback } from "@glyphcast/runtime";

/** More than this gain little, and each is a worker that has to start. */
const DEFAULT_THREADS = 4;

/** Threads share memory, which pages only get when cross-origin isolated. */
export const chooseThreads = (wanted: number | undefined): number =>
  globalThis.crossOriginIsolated ? (wanted ?? Math.min(DEFAULT_THREADS, navigator.hardwareConcurrency)) : 1;

/** Why fewer or more threads run than were asked for, if so. */
export function threadFallbacks(wanted: number | undefined, inEffect: number): readonly Fallback[] {
  if (wanted === undefined || wanted === inEffect) return [];
  const reason = globalThis.crossOriginIsolated
    ? "the first model of this page chose another number"
    : "the page is not cross-origin isolated; serve it with Cross-Origin-Opener-Policy: same-origin and " +
      "Cross-Origin-Embedder-Policy: require-corp";
  return [{ wanted: `threads: ${wanted}`, reason }];
}
