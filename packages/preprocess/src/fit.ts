import type { PixelImage } from "./image.ts";
import { type Axis, resample } from "./resample.ts";

/** The size to come to. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Containment extends Size {
  /** The level, 0 to 255, of what the picture leaves free; in colour a grey. */
  readonly background: number;
}

/** Stretches the picture to a size, its sides each by their own factor. */
export const resize = (image: PixelImage, { width, height }: Size): PixelImage =>
  resample(
    image,
    { start: 0, cells: width, unitsPerCell: image.width, unitsPerPixel: width },
    { start: 0, cells: height, unitsPerCell: image.height, unitsPerPixel: height },
    0,
  );

/** The whole picture, as large as fits, in the middle of a background. */
export function contain(image: PixelImage, { width, height, background }: Containment): PixelImage {
  const byWidth = image.width * height >= image.height * width;
  const [across, down] = squareCells(image, { width, height }, byWidth);
  return resample(image, across, down, background);
}

/** As much of the picture's middle as fills the size. */
export function cover(image: PixelImage, { width, height }: Size): PixelImage {
  const byWidth = image.width * height < image.height * width;
  const [across, down] = squareCells(image, { width, height }, byWidth);
  return resample(image, across, down, 0);
}

/** Square cells about the picture's middle, so large that the widths, or else the heights, agree. */
function squareCells(image: PixelImage, { width, height }: Size, byWidth: boolean): [across: Axis, down: Axis] {
  const [unitsPerCell, unitsPerPixel] = byWidth ? [image.width, width] : [image.height, height];
  const centred = (pixels: number, cells: number): Axis => ({
    start: Math.floor((pixels * unitsPerPixel - cells * unitsPerCell) / 2),
    cells,
    unitsPerCell,
    unitsPerPixel,
  });
  return [centred(image.width, width), centred(image.height, height)];
}
