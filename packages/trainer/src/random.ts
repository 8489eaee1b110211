/** Draws the next number of a stream, uniform in [0, 1). */
export type Random = () => number;

/**
 * The stream of random numbers that belongs to these three integers: the same key, the same stream, on every engine
 * (32-bit integer arithmetic only), and streams of neighbouring keys are unrelated.
 *
 * @see Doty-Humphrey 2010, PractRand, "sfc32": 128 bits of state, the key in three words and a counter in the fourth
 */
export function randomStream(seed: number, a = 0, b = 0): Random {
  let x = seed | 0;
  let y = a | 0;
  let z = b | 0;
  let counter = 1;
  const next = (): number => {
    const sum = (((x + y) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    x = y ^ (y >>> 9);
    y = (z + (z << 3)) | 0;
    z = (((z << 21) | (z >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  // Twelve steps mix the key through all of the state; its author uses as many.
  for (let i = 0; i < 12; i++) next();
  return next;
}

/** Puts `values` into an order drawn from `random`, in place (Fisher–Yates). */
export function shuffle(values: Uint32Array, random: Random): Uint32Array {
  for (let i = values.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const held = values[i]!;
    values[i] = values[j]!;
    values[j] = held;
  }
  return values;
}
