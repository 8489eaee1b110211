import type { Tensor } from "@glyphcast/onnx";

export const FLOATS: ReadonlySet<string> = new Set(["float32", "float64", "float16"]);

/** The value of a 16-bit float's bits. */
export function halfFromBits(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The elements as numbers, whatever floating-point type they have. */
export const floatsOf = ({ dtype, data }: Tensor): ArrayLike<number> =>
  dtype === "float16" ? Float32Array.from(data, halfFromBits) : (data as Float32Array);

/**
 * How many representable numbers lie between two: 0 when they are equal, 1 for neighbours. Both zeros are one.
 *
 * Bits of one sign are ordered as the numbers are; those of negative ones count down from zero.
 */
export function ulpsBetween({ dtype, data }: Tensor): (other: Tensor, index: number) => number {
  if (dtype === "float64") {
    const ours = new BigInt64Array(data.buffer, data.byteOffset, data.length);
    const order = (bits: bigint): bigint => (bits < 0n ? -(bits & 0x7fff_ffff_ffff_ffffn) : bits);
    return (other, i) => {
      const { buffer, byteOffset, length } = other.data as Float64Array;
      const gap = order(ours[i]!) - order(new BigInt64Array(buffer as ArrayBuffer, byteOffset, length)[i]!);
      return Number(gap < 0n ? -gap : gap);
    };
  }
  const sign = dtype === "float16" ? 0x8000 : 0x8000_0000;
  const order = (bits: number): number => (bits >= sign ? sign - bits : bits);
  const bitsOf = ({ data: held }: Tensor): Uint16Array | Uint32Array =>
    held instanceof Uint16Array
      ? held
      : new Uint32Array((held as Float32Array).buffer, (held as Float32Array).byteOffset, held.length);
  const ours = bitsOf({ dtype, data } as Tensor);
  let [last, theirs]: [Tensor | undefined, Uint16Array | Uint32Array] = [undefined, ours];
  return (other, i) => {
    if (other !== last) [last, theirs] = [other, bitsOf(other)];
    return Math.abs(order(ours[i]!) - order(theirs[i]!));
  };
}
