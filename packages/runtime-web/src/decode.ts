import { checkPictureSize, inspectPicture, messageOf, PictureError, type RgbaImage } from "@glyphcast/runtime";

/** What can be drawn as it is: a canvas, a bitmap, an image element. */
export type Drawable = HTMLCanvasElement | OffscreenCanvas | ImageBitmap | HTMLImageElement;

/** Something drawable, a file (Blob), the bytes of one, its URL, or pixels that are decoded already (ImageData). */
export type Picture = Drawable | Blob | Uint8Array | ArrayBuffer | string | URL | RgbaImage | ImageData;

/**
 * The picture's own sRGB bytes, upright.
 *
 * Colour profiles and gamma are left aside, as sharp does on Node. Reading see-through pixels back from a canvas rounds
 * them; `toCanvasGrid` rounds them alike on both sides.
 *
 * @throws PictureError
 */
export async function decodePicture(picture: Picture): Promise<RgbaImage> {
  if (typeof picture === "string" || picture instanceof URL) return decodeFile(await fetchPicture(picture));
  if (picture instanceof Blob) return decodeFile(new Uint8Array(await picture.arrayBuffer()));
  if (picture instanceof ArrayBuffer) return decodeFile(new Uint8Array(picture));
  if (picture instanceof Uint8Array) return decodeFile(picture);
  if (isDrawable(picture)) return decodeDrawable(picture);
  if (typeof picture === "object" && picture !== null && "data" in picture) return picture;
  throw new PictureError(
    "PICTURE_UNSUPPORTED",
    Object.prototype.toString.call(picture),
    "a canvas, image element, ImageBitmap, ImageData, Blob, its bytes or its URL",
    "Draw what is something else on a canvas, and pass that.",
  );
}

async function decodeFile(bytes: Uint8Array): Promise<RgbaImage> {
  const { format } = inspectPicture(bytes);
  const file = new Blob([bytes as Uint8Array<ArrayBuffer>], { type: `image/${format.toLowerCase()}` });
  return readBack(file, `a damaged ${format} file`, "Open it in an image editor and save it anew.");
}

async function decodeDrawable(picture: Drawable): Promise<RgbaImage> {
  if (!isImageElement(picture)) {
    checkPictureSize(picture.width, picture.height);
    return readBack(picture, "a drawing that cannot be read", REMEDY);
  }
  await picture.decode().catch((cause: unknown) => {
    throw new PictureError("PICTURE_UNREADABLE", "an image that did not load", "one that did", "Check its src.", {
      cause,
    });
  });
  checkPictureSize(picture.naturalWidth, picture.naturalHeight);
  return readBack(picture, "an image that cannot be read", REMEDY);
}

const REMEDY =
  'Pictures of another origin must be served with CORS and loaded with crossorigin="anonymous"; SVG images need a size.';

async function readBack(source: Drawable | Blob, found: string, remedy: string): Promise<RgbaImage> {
  try {
    const bitmap = await createImageBitmap(source, { colorSpaceConversion: "none" });
    const { width, height } = bitmap;
    const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true })!;
    context.drawImage(bitmap, 0, 0);
    bitmap.close();
    return context.getImageData(0, 0, width, height);
  } catch (cause) {
    throw new PictureError("PICTURE_UNREADABLE", `${found} (${messageOf(cause)})`, "one that decodes", remedy, {
      cause,
    });
  }
}

async function fetchPicture(url: string | URL): Promise<Uint8Array> {
  const failed = (why: string, cause?: unknown) =>
    new PictureError(
      "PICTURE_UNREADABLE",
      `at ${String(url).slice(0, 200)}, which does not load (${why})`,
      "a URL this page may fetch",
      "Pictures of another origin must be served with CORS.",
      { cause },
    );
  const response = await fetch(url).catch((cause: unknown) => {
    throw failed(messageOf(cause), cause);
  });
  if (!response.ok) throw failed(`status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** By tag, not instanceof: workers have no elements, and frames have their own. */
const tagOf = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);

const isDrawable = (picture: unknown): picture is Drawable =>
  ["HTMLCanvasElement", "OffscreenCanvas", "ImageBitmap", "HTMLImageElement"].includes(tagOf(picture));

const isImageElement = (picture: Drawable): picture is HTMLImageElement => tagOf(picture) === "HTMLImageElement";
