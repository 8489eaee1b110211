import type { GrayImage } from "@glyphcast/preprocess";
import type { Random } from "../../random.ts";
import { type Corruption, unitOf } from "./corruption.ts";

/** Levels. */
const BRIGHTER = 128;
/** The thickest fog, in times the ink's own strength. */
const FOG = 3;
/**
 * Of clouds: how wide the widest and the finest are, in 1/28 of the picture's side; how far the widest thicken or thin
 * the fog; and how much weaker those of each half width are.
 */
const CLOUDS = { widest: 128, finest: 2, strength: 0.375, persistence: 0.5 };

/** Half of the range is added to every pixel, and what exceeds it is lost: paper turns grey, faint ink turns full. */
export const brightness: Corruption = (picture) => ({
  ...picture,
  data: picture.data.map((level) => Math.min(255, level + BRIGHTER)),
});

/** The left and the right quarter are negatives of themselves. */
export const stripe: Corruption = (picture) => {
  const { width, data } = picture;
  const quarter = Math.round(width / 4);
  const between = (x: number) => x >= quarter && x < width - quarter;
  return { ...picture, data: data.map((level, i) => (between(i % width) ? level : 255 - level)) };
};

/** Uneven fog, up to three times as strong as the ink; all is then brought back into the range, ink to a quarter of it. */
export const fog: Corruption = (picture, random) => {
  const clouds = cloudsOver(picture, random);
  return { ...picture, data: picture.data.map((level, i) => Math.round((level + 255 * FOG * clouds[i]!) / (1 + FOG))) };
};

/** A window on a sky some nine pictures wide: values from 0 to 1, coarse noise and ever weaker, ever finer noise on it. */
function cloudsOver(picture: GrayImage, random: Random): Float64Array {
  const { width, height } = picture;
  const clouds = new Float64Array(width * height).fill(0.5);
  let strength = CLOUDS.strength;
  for (let size = CLOUDS.widest; size >= CLOUDS.finest; size /= 2, strength *= CLOUDS.persistence) {
    const cell = size * unitOf(picture);
    const [left, top] = [random(), random()];
    const columns = Math.floor(width / cell + left) + 2;
    const rows = Math.floor(height / cell + top) + 2;
    const knots = Float64Array.from({ length: columns * rows }, () => 2 * random() - 1);
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const [u, v] = [x / cell + left, y / cell + top];
        const at = Math.floor(v) * columns + Math.floor(u);
        const [right, down] = [u % 1, v % 1];
        const upper = knots[at]! * (1 - right) + knots[at + 1]! * right;
        const lower = knots[at + columns]! * (1 - right) + knots[at + columns + 1]! * right;
        clouds[y * width + x]! += strength * (upper * (1 - down) + lower * down);
      }
  }
  return clouds.map((value) => Math.max(0, Math.min(1, value)));
}
