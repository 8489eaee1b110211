import type { LabelledImages } from "../datasets/labelled-images.ts";

/** Half of a picture's width and height, as the mean of each 2×2 pixels, then two rows to a line of text. */
const SHRINK = 2;

/**
 * Pictures side by side on a terminal with colours, as lines: each character is an upper half block whose two colours
 * are two pixels, of the 24 greys that every 256-colour terminal has.
 */
export function thumbnails(images: LabelledImages, indices: readonly number[], gap: string): string[] {
  const [height, width, channels = 1] = images.imageShape;
  const lines: string[] = [];
  for (let y = 0; y + 2 * SHRINK <= height; y += 2 * SHRINK) {
    const cells = indices.map((index) => {
      const grey = (x: number, y: number): number => {
        let sum = 0;
        for (let dy = 0; dy < SHRINK; dy++) {
          const row = ((index * height + y + dy) * width + x) * channels;
          for (let i = row; i < row + SHRINK * channels; i++) sum += images.pixels[i]!;
        }
        return 232 + Math.round((sum / (SHRINK ** 2 * channels) / 255) * 23);
      };
      let line = "";
      for (let x = 0; x + SHRINK <= width; x += SHRINK) line += `\x1b[38;5;${grey(x, y)};48;5;${grey(x, y + SHRINK)}m▀`;
      return `${line}\x1b[0m`;
    });
    lines.push(cells.join(gap));
  }
  return lines;
}

/** How many columns one picture takes. */
export const thumbnailWidth = ({ imageShape: [, width] }: LabelledImages): number => Math.floor(width / SHRINK);
