import type { ImageShape } from "../datasets/labelled-images.ts";

/**
 * A function that makes strokes thicker or thinner in place, by up to about a pixel on either side: `amount` 1 is the
 * largest ink (-1: the least) of a pixel and the four next to it, values between mix that with the picture as it is.
 * Ink is high, and what lies beyond the edges is the outermost pixels again.
 *
 * @see Serra 1982, "Image Analysis and Mathematical Morphology": grey dilation and erosion
 */
export function strokeWidth(imageShape: ImageShape): (pixels: Uint8Array, offset: number, amount: number) => void {
  const [height, width, channels = 1] = imageShape;
  const row = width * channels;
  const before = new Uint8Array(height * row);
  return (pixels, offset, amount) => {
    before.set(pixels.subarray(offset, offset + before.length));
    const thickens = amount > 0;
    const share = Math.round(Math.abs(amount) * 256);
    for (let y = 0; y < height; y++) {
      const up = y === 0 ? 0 : -row;
      const down = y === height - 1 ? 0 : row;
      for (let x = 0; x < row; x++) {
        const at = y * row + x;
        const ink = before[at]!;
        const left = before[x < channels ? at : at - channels]!;
        const right = before[x >= row - channels ? at : at + channels]!;
        const above = before[at + up]!;
        const below = before[at + down]!;
        let extreme = ink;
        if (thickens) {
          if (left > extreme) extreme = left;
          if (right > extreme) extreme = right;
          if (above > extreme) extreme = above;
          if (below > extreme) extreme = below;
        } else {
          if (left < extreme) extreme = left;
          if (right < extreme) extreme = right;
          if (above < extreme) extreme = above;
          if (below < extreme) extreme = below;
        }
        pixels[offset + at] = ink + (((extreme - ink) * share) >> 8);
      }
    }
  };
}
