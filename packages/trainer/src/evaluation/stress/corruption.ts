import type { GrayImage } from "@glyphcast/preprocess";
import type { Random } from "../../random.ts";

/** A damage that leaves the class to be seen: [height, width] of ink (0 = paper, 255 = ink) to the same size. */
export type Corruption = (picture: GrayImage, random: Random) => GrayImage;

/** A twenty-eighth of the shorter side: lengths are given in it, so a corruption does to any size what it does to 28 × 28. */
export const unitOf = ({ width, height }: GrayImage): number => Math.min(width, height) / 28;
