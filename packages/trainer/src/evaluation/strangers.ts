import { type Random, randomStream } from "../random.ts";

/** Pictures of nothing in particular, ink on paper as digits are: better no answer about them than any. */
export const STRANGERS = ["blank", "dot", "scribble", "blobs", "noise"] as const;
export type Stranger = (typeof STRANGERS)[number];

/** How dark a point is, 0 to 1 and beyond, in a picture of 28 × 28. */
type Ink = (x: number, y: number) => number;

/** MNIST's size, in whose pixels the drawings are measured. */
const SIDE = 28;

/** Keeps this use of a seed apart from the others. */
const STRANGE = 0x73747267;

/**
 * Draws `count` pictures of a kind, the same ones every time; all blank ones are alike.
 *
 * returns: [count, height, width] uint8, 0 = paper, 255 = ink.
 */
export function drawStrangers(
  kind: Stranger,
  count: number,
  [height, width]: readonly [height: number, width: number],
): Uint8Array<ArrayBuffer> {
  const pixels = new Uint8Array(count * height * width);
  for (let i = 0, at = 0; i < count; i++) {
    const ink = DRAWN[kind](randomStream(STRANGE, STRANGERS.indexOf(kind), i));
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const level = ink(((x + 0.5) * SIDE) / width, ((y + 0.5) * SIDE) / height);
        pixels[at++] = Math.round(255 * Math.min(1, Math.max(0, level)));
      }
  }
  return pixels;
}

/** Each is asked for its points row by row. */
const DRAWN: { readonly [Kind in Stranger]: (random: Random) => Ink } = {
  blank: () => () => 0,

  /** A point of the pen near the middle. */
  dot: (random) => {
    const [x, y, radius] = [within(random, 12, 16), within(random, 12, 16), within(random, 0.7, 2.5)];
    return disc(x, y, radius);
  },

  /** One line, to and fro through ten points or so. */
  scribble: (random) => {
    const corners = Array.from({ length: 6 + Math.floor(random() * 8) }, () => [
      within(random, 4, 24),
      within(random, 4, 24),
    ]) as Point[];
    const radius = within(random, 0.8, 1.6);
    const line = smooth(corners);
    return (x, y) => {
      let nearest = Number.POSITIVE_INFINITY;
      for (let i = 1; i < line.length; i++) nearest = Math.min(nearest, distance([x, y], line[i - 1]!, line[i]!));
      return radius + 0.5 - nearest;
    };
  },

  /** Filled spots, no line among them. */
  blobs: (random) => {
    const discs = Array.from({ length: 2 + Math.floor(random() * 5) }, () =>
      disc(within(random, 5, 23), within(random, 5, 23), within(random, 2, 6)),
    );
    return (x, y) => Math.max(...discs.map((ink) => ink(x, y)));
  },

  /** Each pixel by itself. */
  noise: (random) => {
    const share = within(random, 0.1, 0.6);
    return () => (random() < share ? random() : 0);
  },
};

type Point = readonly [x: number, y: number];

const within = (random: Random, from: number, to: number): number => from + (to - from) * random();

/** Its edge is a pixel wide. */
const disc =
  (x: number, y: number, radius: number): Ink =>
  (u, v) =>
    radius + 0.5 - Math.hypot(u - x, v - y);

const STEPS = 6;

/** The points of a curve through all corners. @see Catmull and Rom 1974, with tangents of half the chord */
function smooth(corners: readonly Point[]): Point[] {
  const corner = (i: number): Point => corners[Math.min(corners.length - 1, Math.max(0, i))]!;
  const points: Point[] = [];
  for (let i = 0; i + 1 < corners.length; i++)
    for (let step = 0; step < STEPS; step++) points.push(between(i, step / STEPS));
  return [...points, corners.at(-1)!];

  function between(i: number, t: number): Point {
    const at = (axis: 0 | 1): number => {
      const [a, b, c, d] = [-1, 0, 1, 2].map((k) => corner(i + k)[axis]) as [number, number, number, number];
      return b + (t / 2) * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
    };
    return [at(0), at(1)];
  }
}

/** From a point to a piece of a line. */
function distance([x, y]: Point, [ax, ay]: Point, [bx, by]: Point): number {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const t = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length));
  return Math.hypot(x - ax - t * dx, y - ay - t * dy);
}
