import type { RgbaImage } from "@glyphcast/preprocess";
import { encodePng, type PngOptions, uint32 } from "./png.ts";

/** A PNG file and the pixels it stands for, worked out from the PNG specification. */
export interface KnownPicture {
  readonly name: string;
  readonly file: Uint8Array<ArrayBuffer>;
  readonly image: RgbaImage;
}

const everyPair = Array.from({ length: 256 * 256 }, (_, i) => ({ x: i % 256, y: i >> 8, i }));

/** Every colour with every alpha. */
const seeThrough = everyPair.flatMap(({ x, y }) => [x, (x * 7) % 256, 255 - x, y]);
/** 16-bit samples that walk through all their values in different orders. */
const deep = everyPair.map(({ i }) => [i, 65535 - i, (i * 40503) % 65536, (i * 7919) % 65536] as const);
const highByte = (sample: number) => sample >> 8;
const square = { width: 256, height: 256 };

const known = (
  name: string,
  options: PngOptions,
  data: readonly number[],
  size: { width: number; height: number } = options,
) => ({
  name,
  file: encodePng(options),
  image: { width: size.width, height: size.height, data: Uint8Array.from(data) },
});

/** Exif 2.32, one entry: orientation (0x0112). */
const orientation = (value: number) => [
  ...[0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1],
  ...[0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, value, 0, 0],
  ...[0, 0, 0, 0],
];

/** sRGB's primaries and white, but a display gamma of 1.0: a decoder that heeds them changes every colour. */
const strangeColours = [
  ["gAMA", uint32(100_000)],
  ["cHRM", [31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000].flatMap(uint32)],
] as const;

/** One row of every value that `depth` bits hold: as grey, with one value see-through, and as a palette. */
function shallow(depth: 1 | 2 | 4 | 8): KnownPicture[] {
  const values = Array.from({ length: 2 ** depth }, (_, value) => value);
  const options = { width: values.length, height: 1, depth, samples: values } as const;
  const grey = (value: number) => Array<number>(3).fill((value * 255) / (2 ** depth - 1));
  const colour = (value: number) => [(value * 37) % 256, (value * 91) % 256, (value * 5) % 256];
  const alpha = (value: number) => (value * 53) % 256;
  return [
    known(
      `${depth}-bit grey`,
      { ...options, colour: "grey" },
      values.flatMap((value) => [...grey(value), 255]),
    ),
    known(
      `${depth}-bit grey with a see-through value`,
      { ...options, colour: "grey", chunks: [["tRNS", [0, 1]]] },
      values.flatMap((value) => [...grey(value), value === 1 ? 0 : 255]),
    ),
    known(
      `${depth}-bit palette with alpha`,
      {
        ...options,
        colour: "palette",
        chunks: [
          ["PLTE", values.flatMap(colour)],
          ["tRNS", values.map(alpha)],
        ],
      },
      values.flatMap((value) => [...colour(value), alpha(value)]),
    ),
  ];
}

export const knownPictures: readonly KnownPicture[] = [
  known("RGBA, every colour with every alpha", { ...square, samples: seeThrough }, seeThrough),
  known("RGBA with gamma and primaries", { ...square, samples: seeThrough, chunks: strangeColours }, seeThrough),
  known(
    "RGB",
    { ...square, colour: "rgb", samples: everyPair.flatMap(({ x, y }) => [x, y, x ^ y]) },
    everyPair.flatMap(({ x, y }) => [x, y, x ^ y, 255]),
  ),
  known(
    "grey with alpha",
    { ...square, colour: "grey-alpha", samples: everyPair.flatMap(({ x, y }) => [x, y]) },
    everyPair.flatMap(({ x, y }) => [x, x, x, y]),
  ),
  known("16-bit RGBA", { ...square, depth: 16, samples: deep.flat() }, deep.flat().map(highByte)),
  known(
    "16-bit RGB",
    { ...square, depth: 16, colour: "rgb", samples: deep.flatMap((samples) => samples.slice(0, 3)) },
    deep.flatMap(([r, g, b]) => [...[r, g, b].map(highByte), 255]),
  ),
  known(
    "16-bit grey",
    { ...square, depth: 16, colour: "grey", samples: deep.map(([v]) => v) },
    deep.flatMap(([v]) => [...Array<number>(3).fill(highByte(v)), 255]),
  ),
  known(
    "16-bit grey with alpha",
    { ...square, depth: 16, colour: "grey-alpha", samples: deep.flatMap(([v, , , a]) => [v, a]) },
    deep.flatMap(([v, , , a]) => [...Array<number>(3).fill(highByte(v)), highByte(a)]),
  ),
  ...([1, 2, 4, 8] as const).flatMap(shallow),
  // Orientation 6: turned a quarter clockwise for showing, so 2 × 1 becomes 1 × 2.
  known(
    "RGBA that Exif says to turn",
    { width: 2, height: 1, samples: [255, 0, 0, 255, 0, 255, 0, 255], chunks: [["eXIf", orientation(6)]] },
    [255, 0, 0, 255, 0, 255, 0, 255],
    { width: 1, height: 2 },
  ),
];

/** A digit's pixels as a drawing: each an 8 × 8 block of dark ink on white paper, or as `ink` says. */
export function drawing(
  pixels: Uint8Array,
  ink: (strength: number) => readonly [number, number, number, number] = (strength) => {
    const paper = 255 - strength;
    return [paper, paper, paper, 255];
  },
): RgbaImage & { data: Uint8Array } {
  const side = 28 * 8;
  const data = new Uint8Array(side * side * 4);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) data.set(ink(pixels[(y >> 3) * 28 + (x >> 3)]!), (y * side + x) * 4);
  return { width: side, height: side, data };
}

export const pngOf = ({ width, height, data }: RgbaImage): Uint8Array<ArrayBuffer> =>
  encodePng({ width, height, samples: data });

export function withoutChunk(png: Uint8Array, name: string): Uint8Array<ArrayBuffer> {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const kept = [...png.subarray(0, 8)];
  for (let at = 8; at < png.length; ) {
    const end = at + 12 + view.getUint32(at);
    if (String.fromCharCode(...png.subarray(at + 4, at + 8)) !== name) kept.push(...png.subarray(at, end));
    at = end;
  }
  return Uint8Array.from(kept);
}
