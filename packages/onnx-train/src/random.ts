/**
 * A stream of random 32-bit integers that depends on the given words alone (xoshiro128**, seeded by splitmix32), so the
 * draws of any step can be repeated without replaying the steps before it.
 *
 * @see Blackman and Vigna 2021, "Scrambled Linear Pseudorandom Number Generators", §5
 */
export function randomWords(...seeds: readonly number[]): () => number {
  let mixed = 0x9e3779b9;
  const splitmix = () => {
    mixed = (mixed + 0x9e3779b9) | 0;
    let z = mixed;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
  for (const seed of seeds) mixed = splitmix() ^ Math.trunc(seed);
  let [a, b, c, d] = [splitmix(), splitmix(), splitmix(), splitmix() | 1];
  return () => {
    const product = Math.imul(b, 5);
    const word = Math.imul((product << 7) | (product >>> 25), 9);
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return word >>> 0;
  };
}

/** A dropout mask: 1/(1 − ratio) with probability 1 − ratio, else 0. */
export function dropoutMask(size: number, ratio: number, seeds: readonly number[]): Float32Array {
  const words = randomWords(...seeds);
  const threshold = ratio * 2 ** 32;
  const kept = 1 / (1 - ratio);
  return Float32Array.from({ length: size }, () => (words() >= threshold ? kept : 0));
}
