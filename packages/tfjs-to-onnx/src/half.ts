/** The largest finite half-precision number. */
export const HALF_MAX = 65504;

/** IEEE 754 binary16 as a number: a sign, five bits of exponent biased by 15, ten of fraction. */
export function numberFromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** The bits of the half-precision number nearest to a float32; ties go to the even one, past the largest is infinity. */
export function halfFromNumber(value: number): number {
  float[0] = value;
  const word = bits[0]!;
  const sign = (word >>> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  // 65520 is half-way between 65504 and what would be the next.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  // Below 2^-14 halves are multiples of 2^-24.
  if (magnitude < 0x38800000) return sign | roundToEven(Math.abs(float[0]) * 2 ** 24);
  // Rebias the exponent by 127 - 15 and round away the 13 low bits; a carry rightly raises the exponent.
  const rebiased = magnitude - 0x38000000;
  return sign | ((rebiased + 0x0fff + ((rebiased >>> 13) & 1)) >>> 13);
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
