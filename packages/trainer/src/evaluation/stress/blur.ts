import { type Corruption, unitOf } from "./corruption.ts";

/** Standard deviation of the trail, in 1/28 of the picture's side. */
const SIGMA = 3;
/** Degrees. */
const STEEPEST = 45;

/**
 * The picture moved while it was taken: each pixel trails off one way, as half a Gaussian of σ = 3/28 of the side, in
 * a direction within 45° of the horizontal.
 */
export const motionBlur: Corruption = (picture, random) => {
  const { width, height, data } = picture;
  const sigma = SIGMA * unitOf(picture);
  const angle = ((2 * random() - 1) * STEEPEST * Math.PI) / 180;
  const trail = Array.from({ length: Math.ceil(3 * sigma) + 1 }, (_, i) => ({
    dx: Math.round(i * Math.cos(angle)),
    dy: Math.round(i * Math.sin(angle)),
    weight: Math.exp(-(i ** 2) / (2 * sigma ** 2)),
  }));
  const total = trail.reduce((sum, { weight }) => sum + weight, 0);
  const blurred = new Uint8Array(data.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (const { dx, dy, weight } of trail) {
        const [u, v] = [x + dx, y + dy];
        if (u >= 0 && u < width && v >= 0 && v < height) sum += weight * data[v * width + u]!;
      }
      blurred[y * width + x] = Math.round(sum / total);
    }
  return { width, height, data: blurred };
};
