import type { PixelImage, RgbaImage } from "./image.ts";

export interface ColorOptions {
  /** What shows where the picture is transparent: red, green, blue. */
  readonly paper: readonly [number, number, number];
}

/** Lays the picture on paper of one colour and keeps its red, green and blue. */
export function color(image: RgbaImage, { paper }: ColorOptions): PixelImage {
  const { width, height, data } = image;
  const rgb = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; from < data.length; from += 4) {
    const alpha = data[from + 3]!;
    for (let c = 0; c < 3; c++, to++)
      rgb[to] =
        alpha === 255 ? data[from + c]! : Math.floor((data[from + c]! * alpha + paper[c]! * (255 - alpha)) / 255 + 0.5);
  }
  return { width, height, channels: 3, data: rgb };
}
