import { readFile, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { checkFileSize, inspectPicture, MAX_PIXELS, messageOf, PictureError, type RgbaImage } from "@glyphcast/runtime";
import sharp from "sharp";

/** A path, the bytes of an encoded file, or pixels that are decoded already (ImageData has this shape). */
export type Picture = string | URL | Uint8Array | RgbaImage;

/** A picture as it can be sent to another thread: a path, and plain pixels. */
export type Source = string | Uint8Array | RgbaImage;

/**
 * Recognises a picture, without reading it.
 *
 * @throws PictureError
 */
export function sourceOf(picture: Picture): Source {
  if (typeof picture === "string" && !/^(https?|data|blob):/i.test(picture)) return picture;
  if (picture instanceof URL && picture.protocol === "file:") return fileURLToPath(picture);
  if (picture instanceof Uint8Array) return picture;
  if (isRgba(picture)) {
    const { width, height, data } = picture; // an ImageData's are getters, which would not be sent
    return { width, height, data };
  }
  throw new PictureError(
    "PICTURE_UNSUPPORTED",
    describe(picture),
    "a file path, the bytes of a PNG, JPEG, WebP or GIF file, or { width, height, data }",
    "Fetch what is elsewhere first, and pass its bytes.",
  );
}

/**
 * The picture's own sRGB bytes, upright.
 *
 * Colour profiles and gamma are left aside and 16-bit samples keep their high byte, as the browser side does, so that a
 * PNG gives the same bytes there.
 *
 * @throws PictureError
 */
export async function decodePicture(picture: Picture): Promise<RgbaImage> {
  const source = sourceOf(picture);
  if (isRgba(source)) return source;
  const bytes = typeof source === "string" ? await readPicture(source) : source;
  const { format } = inspectPicture(bytes);
  try {
    // "error" is as strict as Chromium: broken pixels are refused, odd metadata and noise in a JPEG are not.
    const { data, info } = await sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: "error", ignoreIcc: true })
      .autoOrient()
      .toColourspace("srgb")
      .ensureAlpha()
      .raw({ depth: "uchar" })
      .toUint8Array();
    return { width: info.width, height: info.height, data };
  } catch (cause) {
    throw new PictureError(
      "PICTURE_UNREADABLE",
      `a damaged ${format} file (${messageOf(cause).trim().split("\n").at(-1)})`,
      "one that decodes",
      "Open it in an image editor and save it anew.",
      { cause },
    );
  }
}

async function readPicture(path: string): Promise<Uint8Array> {
  try {
    checkFileSize((await stat(path)).size);
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof PictureError) throw cause;
    const found = `a path that cannot be read (${messageOf(cause)})`;
    throw new PictureError("PICTURE_UNREADABLE", found, "the path of a file", "Check where it is.", { cause });
  }
}

const isRgba = (picture: unknown): picture is RgbaImage =>
  typeof picture === "object" &&
  picture !== null &&
  "width" in picture &&
  "height" in picture &&
  "data" in picture &&
  ArrayBuffer.isView(picture.data);

function describe(value: unknown): string {
  if (typeof value === "string" || value instanceof URL) return `the URL ${String(value).slice(0, 80)}`;
  if (typeof value !== "object" || value === null) return String(value);
  return `a value of type ${value.constructor?.name ?? "object"}`;
}
