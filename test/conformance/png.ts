/** W3C PNG, table 11.1: samples per pixel. */
const SAMPLES = { grey: 1, rgb: 3, palette: 1, "grey-alpha": 2, rgba: 4 } as const;
const COLOUR_TYPE = { grey: 0, rgb: 2, palette: 3, "grey-alpha": 4, rgba: 6 } as const;

export interface PngOptions {
  readonly width: number;
  readonly height: number;
  readonly colour?: keyof typeof SAMPLES;
  readonly depth?: 1 | 2 | 4 | 8 | 16;
  /** Every sample, row by row, as numbers of `depth` bits. */
  readonly samples: ArrayLike<number>;
  /** Chunks between header and pixels, in order: PLTE, tRNS, gAMA, eXIf… */
  readonly chunks?: readonly (readonly [name: string, data: readonly number[]])[];
}

/** A PNG file whose pixels are known to the last bit, the same on every side. Not compressed, not filtered. */
export function encodePng({
  width,
  height,
  colour = "rgba",
  depth = 8,
  samples,
  chunks = [],
}: PngOptions): Uint8Array<ArrayBuffer> {
  const perRow = width * SAMPLES[colour];
  const rowBytes = Math.ceil((perRow * depth) / 8);
  const rows = new Uint8Array((1 + rowBytes) * height); // each row begins with its filter, 0 = none
  for (let i = 0; i < perRow * height; i++) {
    const bit = (i % perRow) * depth;
    const at = Math.floor(i / perRow) * (1 + rowBytes) + 1 + (bit >> 3);
    if (depth === 16) rows.set([samples[i]! >> 8, samples[i]! & 255], at);
    else rows[at]! |= samples[i]! << (8 - depth - (bit & 7));
  }
  return join([
    [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
    headerChunk(width, height, depth, colour),
    ...chunks.map(([name, data]) => chunk(name, data)),
    chunk("IDAT", zlib(rows)),
    chunk("IEND", []),
  ]);
}

export const headerChunk = (
  width: number,
  height: number,
  depth = 8,
  colour: keyof typeof SAMPLES = "rgba",
): Uint8Array => chunk("IHDR", [...uint32(width), ...uint32(height), depth, COLOUR_TYPE[colour], 0, 0, 0]);

function chunk(name: string, data: ArrayLike<number>): Uint8Array {
  const body = join([Array.from(name, (letter) => letter.charCodeAt(0)), data]);
  return join([uint32(data.length), body, uint32(crc32(body))]);
}

/** RFC 1950 around stored blocks of RFC 1951. */
function zlib(data: Uint8Array): Uint8Array {
  const blocks: ArrayLike<number>[] = [[0x78, 0x01]];
  for (let at = 0; at < data.length; at += 0xffff) {
    const block = data.subarray(at, at + 0xffff);
    const last = at + block.length === data.length ? 1 : 0;
    blocks.push([last, block.length & 255, block.length >> 8, ~block.length & 255, (~block.length >> 8) & 255], block);
  }
  return join([...blocks, uint32(adler32(data))]);
}

function adler32(data: Uint8Array): number {
  let a = 1;
  let b = 0;
  for (const byte of data) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return b * 65536 + a;
}

function crc32(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

export const uint32 = (value: number): number[] => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255);

function join(parts: readonly ArrayLike<number>[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
