import type { RgbaImage } from "@glyphcast/preprocess";

/**
 * The picture as a canvas would give it back: see-through colours rounded to what survives premultiplication.
 *
 * A canvas keeps colour × alpha in 8 bits, so reading a see-through pixel back loses bits that a decoder on Node keeps.
 * Both sides round the same way here, and their pixels are the same bytes. It is idempotent: with p = round(c·a/255)
 * and c′ = round(255·p/a), c′·a/255 is within a/510 ≤ ½ of p, so it rounds to p again. Opaque pictures are untouched.
 */
export function toCanvasGrid(image: RgbaImage): RgbaImage {
  const { width, height, data } = image;
  let seeThrough = 3;
  while (seeThrough < data.length && data[seeThrough] === 255) seeThrough += 4;
  if (seeThrough >= data.length) return image;

  const rounded = new Uint8Array(data);
  for (let at = seeThrough; at < data.length; at += 4) {
    const alpha = rounded[at]!;
    if (alpha === 255) continue;
    for (let channel = at - 3; channel < at; channel++)
      rounded[channel] = alpha === 0 ? 0 : divideRounded(divideRounded(rounded[channel]! * alpha, 255) * 255, alpha);
  }
  return { width, height, data: rounded };
}

const divideRounded = (numerator: number, denominator: number): number =>
  Math.floor((2 * numerator + denominator) / (2 * denominator));
