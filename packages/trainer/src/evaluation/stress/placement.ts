import type { GrayImage, RgbaImage } from "@glyphcast/preprocess";
import { type Random, randomStream } from "../../random.ts";

/** How many times larger than in the dataset a digit is drawn. */
const TIMES = 10;
/** The canvas that it is drawn on, in pixels; larger where the enlarged picture needs it. */
const CANVAS = { width: 640, height: 480 };
/** Pixels of the enlarged picture that a stroke's edge moves by, at most: a stroke is 20 to 40 wide. */
const THICKER = 3;
const SEED = 0x706c6163;

/** A picture tenfold, each pixel a block, as dark ink on white. */
export const enlarged = (picture: GrayImage): RgbaImage =>
  onCanvas(inBlocks(picture, TIMES), { ...sizeOf(picture, TIMES), left: 0, top: 0, light: false });

/**
 * Picture `index` of a dataset as somebody might draw it: enlarged smoothly, each stroke's edge 0 to 3 of ten pixels
 * further out or in, anywhere on a large canvas, dark on white or light on black. A pure function of both.
 */
export function placed(picture: GrayImage, index: number): RgbaImage {
  const random = randomStream(SEED, 0, index);
  const drawing = thickened(smoothly(picture, TIMES), drawWhole(random, -THICKER, THICKER));
  const width = Math.max(CANVAS.width, drawing.width);
  const height = Math.max(CANVAS.height, drawing.height);
  const left = drawWhole(random, 0, width - drawing.width);
  const top = drawWhole(random, 0, height - drawing.height);
  return onCanvas(drawing, { width, height, left, top, light: random() < 0.5 });
}

const drawWhole = (random: Random, least: number, most: number): number =>
  least + Math.floor(random() * (most - least + 1));

const sizeOf = ({ width, height }: GrayImage, times: number) => ({ width: width * times, height: height * times });

function inBlocks(picture: GrayImage, times: number): GrayImage {
  const { width, height } = sizeOf(picture, times);
  const data = new Uint8Array(width * height);
  for (let y = 0, i = 0; y < height; y++) {
    const row = Math.floor(y / times) * picture.width;
    for (let x = 0; x < width; x++, i++) data[i] = picture.data[row + Math.floor(x / times)]!;
  }
  return { width, height, data };
}

/** Bilinear; the outermost pixels reach to the edge. */
function smoothly(picture: GrayImage, times: number): GrayImage {
  const { width, height } = sizeOf(picture, times);
  const between = (target: number, pixels: number) => {
    const source = Math.max(0, Math.min(pixels - 1, (target + 0.5) / times - 0.5));
    const first = Math.min(Math.floor(source), Math.max(0, pixels - 2));
    return { first, second: Math.min(first + 1, pixels - 1), share: source - first };
  };
  const across = Array.from({ length: width }, (_, x) => between(x, picture.width));
  const data = new Uint8Array(width * height);
  for (let y = 0, i = 0; y < height; y++) {
    const { first: upper, second: lower, share: down } = between(y, picture.height);
    const [up, low] = [upper * picture.width, lower * picture.width];
    for (const { first, second, share } of across) {
      const top = picture.data[up + first]! * (1 - share) + picture.data[up + second]! * share;
      const bottom = picture.data[low + first]! * (1 - share) + picture.data[low + second]! * share;
      data[i++] = Math.round(top * (1 - down) + bottom * down);
    }
  }
  return { width, height, data };
}

/** The strongest ink within a disc of `by` pixels around each pixel; of a negative radius, the weakest. */
function thickened({ width, height, data }: GrayImage, by: number): GrayImage {
  const radius = Math.abs(by);
  const disc: { dx: number; dy: number }[] = [];
  for (let dy = -radius; dy <= radius; dy++)
    for (let dx = -radius; dx <= radius; dx++) if (dx ** 2 + dy ** 2 <= radius ** 2) disc.push({ dx, dy });
  const result = new Uint8Array(data.length);
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++) {
      const level = data[i]!;
      // Most of it is paper: ink alone spreads, and ink alone gives way.
      if (level === 0) continue;
      let least = level;
      for (const { dx, dy } of disc) {
        const [u, v] = [x + dx, y + dy];
        const inside = u >= 0 && u < width && v >= 0 && v < height;
        const at = v * width + u;
        if (by < 0) least = Math.min(least, inside ? data[at]! : 0);
        else if (inside && result[at]! < level) result[at] = level;
      }
      if (by < 0) result[i] = least;
    }
  return { width, height, data: result };
}

interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly top: number;
  /** Light ink on black, rather than dark ink on white. */
  readonly light: boolean;
}

function onCanvas(ink: GrayImage, { width, height, left, top, light }: Canvas): RgbaImage {
  const opaque = 0xff000000;
  const grey = (level: number) => (opaque | (level * 0x010101)) >>> 0;
  const pixels = new Uint32Array(width * height).fill(grey(light ? 0 : 255));
  for (let y = 0; y < ink.height; y++)
    for (let x = 0; x < ink.width; x++) {
      const level = ink.data[y * ink.width + x]!;
      pixels[(y + top) * width + left + x] = grey(light ? level : 255 - level);
    }
  return { width, height, data: new Uint8Array(pixels.buffer) };
}
