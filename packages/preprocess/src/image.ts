import { InvalidImageError } from "./errors.ts";

/** Pixels as a canvas or a decoder gives them: four bytes each, red, green, blue and straight (not premultiplied) alpha. */
export interface RgbaImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** One byte a pixel, row by row from the top. What the byte means is up to the step that made it. */
export interface GrayImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** What a model reads: one byte a pixel, or three (red, green, blue), row by row from the top. */
export interface PixelImage extends GrayImage {
  readonly channels: 1 | 3;
}

/** @throws InvalidImageError */
export function checkRgba(image: RgbaImage): void {
  if (typeof image !== "object" || image === null) throw new InvalidImageError("data", typeof image, "an image");
  for (const field of ["width", "height"] as const) {
    const size: unknown = image[field];
    if (!Number.isSafeInteger(size) || (size as number) < 1)
      throw new InvalidImageError(field, String(size), "a whole number of at least 1");
  }
  // By tag, not instanceof: pixels may come from another realm, such as a frame or a test's sandbox.
  const kind = Object.prototype.toString.call(image.data).slice(8, -1);
  if (kind !== "Uint8Array" && kind !== "Uint8ClampedArray")
    throw new InvalidImageError("data", kind, "a Uint8Array or Uint8ClampedArray");
  const bytes = image.width * image.height * 4;
  if (image.data.length !== bytes)
    throw new InvalidImageError(
      "data",
      `${image.data.length} bytes`,
      `${bytes} (${image.width} × ${image.height} pixels of 4 bytes, RGBA)`,
    );
}
