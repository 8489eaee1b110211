import type { ImageShape } from "../datasets/labelled-images.ts";
import type { Random } from "../random.ts";

/** How often a rectangle of a picture is wiped out, and how large it is. */
export interface EraseRanges {
  readonly probability: number;
  /** Its sides, each drawn by itself, as fractions of the picture's. */
  readonly side: readonly [least: number, most: number];
}

/**
 * A function that wipes a rectangle out in place, or leaves the picture alone: to `paper`. Always takes five numbers.
 *
 * @see Zhong et al. 2020, "Random Erasing Data Augmentation"
 */
export function randomErase(
  { probability, side: [least, most] }: EraseRanges,
  imageShape: ImageShape,
  paper: number,
): (pixels: Uint8Array, offset: number, random: Random) => void {
  const [height, width, channels = 1] = imageShape;
  return (pixels, offset, random) => {
    const erases = random() < probability;
    const erasedHeight = Math.round((least + (most - least) * random()) * height);
    const erasedWidth = Math.round((least + (most - least) * random()) * width);
    const top = Math.floor(random() * (height - erasedHeight + 1));
    const left = Math.floor(random() * (width - erasedWidth + 1));
    if (!erases) return;
    for (let y = top; y < top + erasedHeight; y++) {
      const from = offset + (y * width + left) * channels;
      pixels.fill(paper, from, from + erasedWidth * channels);
    }
  };
}
