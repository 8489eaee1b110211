import { PictureError } from "./errors.ts";

/** What both sides decode. SVG runs code and fetches files, the others are not read by every browser or by sharp. */
export const PICTURE_FORMATS = ["PNG", "JPEG", "WebP", "GIF"] as const;
export type PictureFormat = (typeof PICTURE_FORMATS)[number];

/** 4096 × 4096: 64 MiB once decoded. A small file can claim sizes that take seconds and gigabytes. */
export const MAX_PIXELS: number = 4096 ** 2;

/** Four bytes for each pixel that is let through: no sensible file is larger than its own pixels. */
export const MAX_FILE_BYTES: number = MAX_PIXELS * 4;

export interface PictureFile {
  readonly format: PictureFormat;
  readonly width: number;
  readonly height: number;
}

interface Header {
  readonly width: number;
  readonly height: number;
  /** Whether the file holds its own end. */
  readonly complete: boolean;
}

/**
 * Reads format and size from the head of an encoded picture, before anything decodes it.
 *
 * @throws PictureError when it is empty, no picture, of a format that is not read, cut short, or too large
 */
export function inspectPicture(bytes: Uint8Array): PictureFile {
  if (bytes.length === 0)
    throw new PictureError("PICTURE_EMPTY", "empty (0 bytes)", LISTED, "Was the upload or the copy interrupted?");
  checkFileSize(bytes.length);

  const format = PICTURE_FORMATS.find((name) => SIGNATURES[name].test(latin1(bytes, 0, 16)));
  if (format === undefined) throw new PictureError("PICTURE_UNSUPPORTED", guess(bytes), LISTED, "Convert it to PNG.");

  const header = HEADERS[format](bytes);
  if (header === undefined || !header.complete)
    throw new PictureError(
      "PICTURE_TRUNCATED",
      `a ${format} file that ends after ${bytes.length} bytes, before its end`,
      "a whole file",
      "Was the upload or the copy interrupted? Transfer it again.",
    );
  checkPictureSize(header.width, header.height);
  return { format, width: header.width, height: header.height };
}

/** @throws PictureError when a file of so many bytes is not even to be read */
export function checkFileSize(bytes: number): void {
  if (bytes > MAX_FILE_BYTES)
    throw new PictureError("PICTURE_TOO_LARGE", `a file of ${bytes} bytes`, `at most ${MAX_FILE_BYTES}`, SHRINK);
}

/** @throws PictureError when it has no pixels, or more than MAX_PIXELS */
export function checkPictureSize(width: number, height: number): void {
  const found = `${width} × ${height} pixels`;
  if (width * height === 0)
    throw new PictureError("PICTURE_EMPTY", found, "at least one pixel", "Has it been drawn or loaded yet?");
  if (width * height > MAX_PIXELS)
    throw new PictureError("PICTURE_TOO_LARGE", found, `at most ${MAX_PIXELS} pixels (4096 × 4096)`, SHRINK);
}

const LISTED = `one of ${PICTURE_FORMATS.join(", ")}`;
const SHRINK = "Make it smaller first: the models here look at a few dozen pixels a side.";

const SIGNATURES: { readonly [Format in PictureFormat]: RegExp } = {
  PNG: /^\x89PNG\r\n/,
  JPEG: /^\xff\xd8\xff/,
  WebP: /^RIFF[\s\S]{4}WEBP/,
  GIF: /^GIF8[79]a/,
};

/** undefined: the file ends inside its own header. */
const HEADERS: { readonly [Format in PictureFormat]: (bytes: Uint8Array) => Header | undefined } = {
  // W3C PNG, §5: chunks of length, type, data, checksum; IHDR first, IEND last.
  PNG(bytes) {
    const view = viewOf(bytes);
    if (bytes.length < 33) return undefined;
    let at = 8;
    while (at + 12 <= bytes.length && latin1(bytes, at + 4, 4) !== "IEND") at += 12 + view.getUint32(at);
    return { width: view.getUint32(16), height: view.getUint32(20), complete: at + 12 <= bytes.length };
  },

  // ITU-T T.81, annex B: marker segments up to the scan; the frame header (SOF) among them has the size; EOI is last.
  JPEG(bytes) {
    const view = viewOf(bytes);
    let size: { width: number; height: number } | undefined;
    for (let at = 2; at + 4 <= bytes.length; ) {
      const marker = bytes[at + 1]!;
      if (bytes[at] !== 0xff || marker === 0xff)
        at += 1; // fill bytes before a marker
      else if (marker === SOS) return size && { ...size, complete: hasEndOfImage(bytes, at) };
      else {
        if (isFrameHeader(marker) && at + 9 <= bytes.length)
          size = { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
        at += 2 + view.getUint16(at + 2);
      }
    }
    return undefined;
  },

  // RFC 9649: a RIFF file whose first chunk is a lossy frame (VP8), a lossless one (VP8L) or the extended header (VP8X).
  WebP(bytes) {
    const view = viewOf(bytes);
    if (bytes.length < 30) return undefined;
    const complete = view.getUint32(4, true) + 8 <= bytes.length;
    switch (latin1(bytes, 12, 4)) {
      case "VP8X":
        return { width: 1 + uint24(view, 24), height: 1 + uint24(view, 27), complete };
      case "VP8L": {
        const packed = view.getUint32(21, true); // 14 bits of width − 1, 14 bits of height − 1
        return { width: 1 + (packed & 0x3fff), height: 1 + ((packed >>> 14) & 0x3fff), complete };
      }
      default:
        return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff, complete };
    }
  },

  // GIF89a, appendix A: screen and colour table, then extensions (0x21) and images (0x2C) up to the trailer (0x3B).
  GIF(bytes) {
    const view = viewOf(bytes);
    if (bytes.length < 13) return undefined;
    const tableBytes = (flags: number) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
    let at = 13 + tableBytes(bytes[10]!);
    while (bytes[at] === 0x21 || bytes[at] === 0x2c) {
      at += bytes[at] === 0x21 ? 2 : 11 + tableBytes(bytes[at + 9] ?? 0);
      while ((bytes[at] ?? 0) > 0) at += 1 + bytes[at]!; // sub-blocks, the last one empty
      at += 1;
    }
    return { width: view.getUint16(6, true), height: view.getUint16(8, true), complete: bytes[at] === 0x3b };
  },
};

const SOS = 0xda;
const EOI = 0xd9;

/** SOF0 to SOF15, without the three codes between them that mean DHT, JPG and DAC. */
const isFrameHeader = (marker: number) =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;

/** From the back: cameras append previews and padding. */
function hasEndOfImage(bytes: Uint8Array, scan: number): boolean {
  for (let at = bytes.length - 2; at > scan; at--) if (bytes[at] === 0xff && bytes[at + 1] === EOI) return true;
  return false;
}

/** Names what people hand over by mistake. */
function guess(bytes: Uint8Array): string {
  const head = latin1(bytes, 0, 1024);
  if (/^(\xef\xbb\xbf)?\s*<(\?xml|!--|!DOCTYPE svg|svg)/i.test(head) && /<svg/i.test(head)) return "an SVG drawing";
  if (/^[\s\S]{4}ftyp(avif|avis|heic|heix|mif1)/.test(head)) return "an AVIF or HEIC file";
  if (/^(II\*\0|MM\0\*)/.test(head)) return "a TIFF file";
  if (/^BM/.test(head)) return "a BMP file";
  if (/^%PDF/.test(head)) return "a PDF file";
  const start = head.slice(0, 24);
  if (/^[\t\n\r\x20-\x7e\x80-\xff]+$/.test(start)) return `text that begins ${JSON.stringify(start)}`;
  const bits = Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0"));
  return `a file that begins with the bytes ${bits.join(" ")}`;
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const uint24 = (view: DataView, at: number) => view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
const latin1 = (bytes: Uint8Array, at: number, length: number) =>
  String.fromCharCode(...bytes.subarray(at, at + length));
