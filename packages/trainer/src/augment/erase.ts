import type { ImageShape } from "../datasets/labelled-images.ts";
import type { Random } from "../random.ts";
import { drawRectangle, forEachRow, type SideRange } from "./rectangle.ts";

/** How often a rectangle of a picture is wiped out, and how large it is. */
export interface EraseRanges {
  readonly probability: number;
  readonly side: SideRange;
}

/**
 * A function that wipes a rectangle out in place, or leaves the picture alone: to `paper`. Always takes five numbers.
 *
 * @see Zhong et al. 2020, "Random Erasing Data Augmentation"
 */
export function randomErase(
  { probability, side }: EraseRanges,
  imageShape: ImageShape,
  paper: number,
): (pixels: Uint8Array, offset: number, random: Random) => void {
  return (pixels, offset, random) => {
    const erases = random() < probability;
    const rectangle = drawRectangle(side, imageShape, random);
    if (!erases) return;
    forEachRow(rectangle, imageShape, (start, length) => pixels.fill(paper, offset + start, offset + start + length));
  };
}
