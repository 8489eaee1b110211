import { readFile, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { checkFileSize, inspectPicture, MAX_PIXELS, messageOf, PictureError, type RgbaImage } from "@glyphcast/runtime";
import sharp from "sharp";

/** A path, the bytes of an encoded file, or pixels that are decoded already (ImageData has this shape). */
export type Picture = string | URL | Uint8Array | RgbaImage;

/**
 * The picture's own sRGB bytes, upright.
 *
 * Colour profiles and gamma are left aside and 16-bit samples keep their high byte, as the browser side does, so that a
 * PNG gives the same bytes there.
 *
 * @throws PictureError
 */
export async function decodePicture(picture: Picture): Promise<RgbaImage> {
  if (isRgba(picture)) return picture;
  const bytes = picture instanceof Uint8Array ? picture : await readPicture(picture);
  const { format } = inspectPicture(bytes);
  try {
    const { data, info } = await sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: "warning", ignoreIcc: true })
      .autoOrient()
      .toColourspace("srgb")
      .ensureAlpha()
      .raw({ depth: "uchar" })
      .toUint8Array(); // unlike a Buffer's, its bytes move to the worker without a copy
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

async function readPicture(path: unknown): Promise<Uint8Array> {
  const file = fileOf(path);
  if (file === undefined)
    throw new PictureError(
      "PICTURE_UNSUPPORTED",
      typeof path === "string" || path instanceof URL ? `the URL ${String(path).slice(0, 80)}` : describe(path),
      "a file path, the bytes of a PNG, JPEG, WebP or GIF file, or { width, height, data }",
      "Fetch what is elsewhere first, and pass its bytes.",
    );
  try {
    checkFileSize((await stat(file)).size);
    return await readFile(file);
  } catch (cause) {
    if (cause instanceof PictureError) throw cause;
    const found = `a path that cannot be read (${messageOf(cause)})`;
    throw new PictureError("PICTURE_UNREADABLE", found, "the path of a file", "Check where it is.", { cause });
  }
}

/** undefined for what is neither a path nor a file: URL. */
function fileOf(path: unknown): string | undefined {
  if (path instanceof URL) return path.protocol === "file:" ? fileURLToPath(path) : undefined;
  return typeof path === "string" && !/^(https?|data|blob):/i.test(path) ? path : undefined;
}

const isRgba = (picture: unknown): picture is RgbaImage =>
  typeof picture === "object" && picture !== null && "width" in picture && "height" in picture && "data" in picture;

const describe = (value: unknown): string =>
  value === null || typeof value !== "object"
    ? String(value)
    : `a value of type ${value.constructor?.name ?? "object"}`;
