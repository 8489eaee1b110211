import type { GrayImage } from "@glyphcast/preprocess";
import { type Corruption, unitOf } from "./corruption.ts";

/** Lengths below are in 1/28 of the picture's side. */
const DROPS = 8;
const DROP = { least: 0.8, most: 2.2 };
/** The level of mud: wet, but not ink. */
const MUD = 63;
/** A pen's reach: full ink up to the first, nothing from the second on. */
const PEN = { full: 0.5, end: 1.5 };
const DOT = 2;
const ZIGZAG = { from: 2, to: 25, step: 4, height: 4, slope: 5 };

/** Eight drops of mud, 1.6 to 4.4 of 28 wide, hide what they fall on. */
export const spatter: Corruption = (picture, random) => {
  const { width, height } = picture;
  const unit = unitOf(picture);
  const data = picture.data.slice();
  for (let drop = 0; drop < DROPS; drop++) {
    const [centreX, centreY] = [random() * width, random() * height];
    const radius = (DROP.least + random() * (DROP.most - DROP.least)) * unit;
    for (const [i] of data.entries()) {
      const distance = Math.hypot((i % width) + 0.5 - centreX, Math.floor(i / width) + 0.5 - centreY);
      const cover = clamp(radius - distance + 0.5);
      data[i] = Math.round(data[i]! * (1 - cover) + MUD * cover);
    }
  }
  return { width, height, data };
};

/** A dotted line from the left edge to the right one, each end at any height: dots of 2/28, as far apart. */
export const dottedLine: Corruption = (picture, random) => {
  const { width, height } = picture;
  const line = { x0: 0, y0: random() * height, x1: width, y1: random() * height };
  const period = 2 * DOT * unitOf(picture);
  return drawn(picture, [line], (x) => x % period >= period / 2);
};

/** A zigzag across the picture, at any height and up to 5/28 steeper than level: teeth of 4/28, as high as they are wide. */
export const zigzag: Corruption = (picture, random) => {
  const unit = unitOf(picture);
  const start = random() * picture.height;
  const rise = ((2 * random() - 1) * ZIGZAG.slope * unit) / (ZIGZAG.to - ZIGZAG.from);
  const corners: { x: number; y: number }[] = [];
  for (let along = 0; ZIGZAG.from + along <= ZIGZAG.to; along += ZIGZAG.step / 2) {
    // Level, up, level, down, as the teeth go.
    const tooth = [0, 0.5, 0, -0.5][corners.length % 4]! * ZIGZAG.height;
    corners.push({ x: (ZIGZAG.from + along) * unit, y: start + rise * along + tooth * unit });
  }
  const lines = corners.slice(1).map(({ x, y }, i) => ({ x0: corners[i]!.x, y0: corners[i]!.y, x1: x, y1: y }));
  return drawn(picture, lines);
};

interface Line {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

/** Ink of a soft pen along lines, where `inks` lets it, on top of the picture. */
function drawn(picture: GrayImage, lines: readonly Line[], inks: (x: number) => boolean = () => true): GrayImage {
  const { width } = picture;
  const unit = unitOf(picture);
  const data = picture.data.map((level, i) => {
    const [x, y] = [(i % width) + 0.5, Math.floor(i / width) + 0.5];
    if (!inks(x)) return level;
    const distance = Math.min(...lines.map((line) => distanceTo(line, x, y))) / unit;
    return Math.min(255, level + Math.round(255 * clamp((PEN.end - distance) / (PEN.end - PEN.full))));
  });
  return { ...picture, data };
}

function distanceTo({ x0, y0, x1, y1 }: Line, x: number, y: number): number {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const along = clamp(((x - x0) * dx + (y - y0) * dy) / (dx ** 2 + dy ** 2));
  return Math.hypot(x - x0 - along * dx, y - y0 - along * dy);
}

const clamp = (value: number): number => Math.max(0, Math.min(1, value));
