const MAX = 2n ** 63n - 1n;
const MIN = -(2n ** 63n);

/**
 * An int64 from a number. Those past either end (2⁶³ is the nearest double to 2⁶³ − 1) mean "as far as it goes" and
 * become the end.
 * @throws RangeError when the number is not an integer.
 */
export function int64Of(value: number | bigint): bigint {
  const int = BigInt(value);
  return int > MAX ? MAX : int < MIN ? MIN : int;
}
