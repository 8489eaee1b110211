import type { GrayImage } from "@glyphcast/preprocess";
import { type AffineMap, affineWarp } from "../../augment/affine.ts";
import type { Random } from "../../random.ts";
import { type Corruption, unitOf } from "./corruption.ts";

/** Pixels of slant per pixel of height. */
const SLANT = 0.4;
const SHRUNK_TO = 0.7;
/** Degrees. */
const TURN = 25;
/** In 1/28 of the picture's side. */
const SHIFT = 3;

const eitherWay = (random: Random): -1 | 1 => (random() < 0.5 ? -1 : 1);

/** Slants by 0.4 of the height, to either side. */
export const shear: Corruption = (picture, random) =>
  warped(picture, { a: 1, b: SLANT * eitherWay(random), d: 0, e: 1 });

/** Shrinks to 70 %. */
export const scale: Corruption = (picture) => warped(picture, { a: 1 / SHRUNK_TO, b: 0, d: 0, e: 1 / SHRUNK_TO });

/** Turns by 25°, either way. */
export const rotate: Corruption = (picture, random) => {
  const angle = (eitherWay(random) * TURN * Math.PI) / 180;
  return warped(picture, { a: Math.cos(angle), b: Math.sin(angle), d: -Math.sin(angle), e: Math.cos(angle) });
};

/** Shifts by 3/28 of the side along both axes, each either way. */
export const translate: Corruption = (picture, random) => {
  const by = SHIFT * unitOf(picture);
  return warped(picture, { a: 1, b: 0, d: 0, e: 1 }, by * eitherWay(random), by * eitherWay(random));
};

/** Maps about the picture's centre, from target to source, with paper beyond the edges. */
function warped(
  { width, height, data }: GrayImage,
  { a, b, d, e }: Omit<AffineMap, "c" | "f">,
  right = 0,
  down = 0,
): GrayImage {
  const centreX = (width - 1) / 2;
  const centreY = (height - 1) / 2;
  const c = centreX - a * (centreX + right) - b * (centreY + down);
  const f = centreY - d * (centreX + right) - e * (centreY + down);
  const target = new Uint8Array(data.length);
  affineWarp([height, width])(data, 0, target, 0, { a, b, c, d, e, f });
  return { width, height, data: target };
}
