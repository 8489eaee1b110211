import sharp from "sharp";
import { bytesPerImage, type LabelledImages } from "../datasets/labelled-images.ts";

const GAP = 2;

/** A PNG of pictures side by side, a row for each class: the first `perClass` of each. */
export async function contactSheet(images: LabelledImages, classes: number, perClass: number): Promise<Buffer> {
  const [height, width, channels = 1] = images.imageShape;
  const size = bytesPerImage(images.imageShape);
  const sheetWidth = perClass * (width + GAP) + GAP;
  const sheetHeight = classes * (height + GAP) + GAP;
  const sheet = new Uint8Array(sheetWidth * sheetHeight * channels).fill(128);
  const shown = new Array<number>(classes).fill(0);
  for (const [i, label] of images.labels.entries()) {
    const column = shown[label]!++;
    if (column >= perClass) continue;
    for (let y = 0; y < height; y++) {
      const from = i * size + y * width * channels;
      const row = GAP + label * (height + GAP) + y;
      const to = (row * sheetWidth + GAP + column * (width + GAP)) * channels;
      sheet.set(images.pixels.subarray(from, from + width * channels), to);
    }
  }
  return sharp(sheet, { raw: { width: sheetWidth, height: sheetHeight, channels } })
    .png()
    .toBuffer();
}
