/** Of a standard normal: 95 % lie between −Z and Z. */
const Z = 1.959964;

/**
 * The 95 % interval of a fraction of which `hits` of `n` were found: what else it may be, had other pictures been drawn
 * from the same source.
 *
 * @see Wilson 1927, "Probable Inference, the Law of Succession, and Statistical Inference"
 */
export function wilsonInterval(hits: number, n: number): readonly [from: number, to: number] {
  if (n === 0) return [0, 1];
  const [p, z2] = [hits / n, Z ** 2];
  // (p + z²/2n ± z·√(p(1 − p)/n + z²/4n²)) / (1 + z²/n)
  const middle = p + z2 / (2 * n);
  const half = Z * Math.sqrt((p * (1 - p)) / n + z2 / (4 * n ** 2));
  // At the ends the roots cancel exactly, but for rounding.
  return [hits === 0 ? 0 : (middle - half) / (1 + z2 / n), hits === n ? 1 : (middle + half) / (1 + z2 / n)];
}
