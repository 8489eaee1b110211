import { randomStream, shuffle } from "../random.ts";

/** Keeps this use of a seed apart from the others. */
const ORDER = 0x6f726472;

/** The order in which an epoch visits `count` pictures: a pure function of (seed, epoch). */
export function epochOrder(count: number, seed: number, epoch: number): Uint32Array {
  return shuffle(
    Uint32Array.from({ length: count }, (_, i) => i),
    randomStream(seed, epoch, ORDER),
  );
}
