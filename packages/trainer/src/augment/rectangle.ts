import type { ImageShape } from "../datasets/labelled-images.ts";
import type { Random } from "../random.ts";

/** The shortest and the longest that a rectangle's sides may be, as fractions of the picture's; each is drawn by itself. */
export type SideRange = readonly [least: number, most: number];

/** In pixels, inside the picture. */
export interface Rectangle {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** Draws a rectangle anywhere in a picture. Always takes four numbers. */
export function drawRectangle([least, most]: SideRange, imageShape: ImageShape, random: Random): Rectangle {
  const length = (all: number): number => Math.round((least + (most - least) * random()) * all);
  const height = length(imageShape[0]);
  const width = length(imageShape[1]);
  const top = Math.floor(random() * (imageShape[0] - height + 1));
  const left = Math.floor(random() * (imageShape[1] - width + 1));
  return { top, left, height, width };
}

/** Calls `row` with where each of its rows starts, counted from the picture's first value, and how many values it has. */
export function forEachRow(
  { top, left, height, width }: Rectangle,
  imageShape: ImageShape,
  row: (start: number, length: number) => void,
): void {
  const [, pictureWidth, channels = 1] = imageShape;
  for (let y = top; y < top + height; y++) row((y * pictureWidth + left) * channels, width * channels);
}
