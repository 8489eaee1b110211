import sharp from "sharp";
import type { ImageShape } from "../datasets/labelled-images.ts";

/** A PNG as a data URI, in pixels of the data. */
export interface Picture {
  readonly src: string;
  readonly width: number;
  readonly height: number;
}

/** pixels: [height, width] or [height, width, 3] uint8. */
export async function pictureOf(pixels: Uint8Array, imageShape: ImageShape): Promise<Picture> {
  const [height, width, channels = 1] = imageShape;
  const file = await sharp(pixels, { raw: { width, height, channels } }).png({ compressionLevel: 9 }).toBuffer();
  return { src: `data:image/png;base64,${file.toString("base64")}`, width, height };
}
