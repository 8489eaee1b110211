import { sizeOf, type Tensor } from "@glyphcast/onnx";
import { numberFromHalf } from "./half.ts";

/**
 * A float32 weight as its file holds it: `(code · scale + min) · factor`, where a code is an integer or a
 * half-precision number, and the factors of channels are what passes have multiplied since.
 */
export interface StoredWeight {
  readonly dtype: "uint8" | "uint16" | "float16";
  readonly data: Uint8Array | Uint16Array;
  readonly scale: number;
  readonly min: number;
  readonly channels?: { readonly axis: number; readonly factors: Float64Array };
}

/** A weight's values, and beside them its codes where it is quantised. */
export type Weight = Tensor & { readonly stored?: StoredWeight };

export type Weights = Map<string, Weight>;

export const storedOf = (tensor: Weight): StoredWeight | undefined => tensor.stored;

/** What is stored after its values were multiplied along an axis; undefined where codes can no longer say it. */
export function scaleStored(stored: StoredWeight, axis: number, factors: Float64Array): StoredWeight | undefined {
  const [first = 1] = factors;
  if (factors.every((factor) => factor === first))
    return { ...stored, scale: stored.scale * first, min: stored.min * first };
  const { channels } = stored;
  if (channels && (channels.axis !== axis || channels.factors.length !== factors.length)) return undefined;
  return { ...stored, channels: { axis, factors: factors.map((f, i) => f * (channels?.factors[i] ?? 1)) } };
}

/** Whether the codes still say what the values are: any rounding of a float32 apart, no more. */
export function tells({ dtype, data: codes, scale, min, channels }: StoredWeight, { shape, data }: Tensor): boolean {
  if (codes.length !== data.length) return false;
  const values = data as Float32Array;
  const inner = channels ? sizeOf(shape.slice(channels.axis + 1)) : 1;
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const allowed = largest * 2 ** -21;
  for (let i = 0; i < codes.length; i++) {
    const code = dtype === "float16" ? numberFromHalf(codes[i]!) : codes[i]!;
    const factor = channels ? channels.factors[Math.floor(i / inner) % channels.factors.length]! : 1;
    const value = (code * scale + min) * factor;
    if (!(Math.abs(value - values[i]!) <= allowed) && !Object.is(value, values[i])) return false;
  }
  return true;
}
