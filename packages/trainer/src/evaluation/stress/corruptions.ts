import type { GrayImage } from "@glyphcast/preprocess";
import { randomStream } from "../../random.ts";
import { motionBlur } from "./blur.ts";
import type { Corruption } from "./corruption.ts";
import { brightness, fog, stripe } from "./light.ts";
import { dottedLine, spatter, zigzag } from "./marks.ts";
import { impulseNoise, shotNoise } from "./noise.ts";
import { rotate, scale, shear, translate } from "./warps.ts";

export type CorruptionName =
  | "shot noise"
  | "impulse noise"
  | "motion blur"
  | "shear"
  | "scale"
  | "rotate"
  | "brightness"
  | "translate"
  | "stripe"
  | "fog"
  | "spatter"
  | "dotted line"
  | "zigzag";

/**
 * Thirteen of MNIST-C's fifteen corruptions, each as strong as there: a person still reads them at a glance.
 *
 * None of them makes training pictures. Left out are glass blur and Canny edges.
 *
 * @see Mu & Gilmer 2019, "MNIST-C: A Robustness Benchmark for Computer Vision"
 */
export const corruptions: Readonly<Record<CorruptionName, Corruption>> = {
  "shot noise": shotNoise,
  "impulse noise": impulseNoise,
  "motion blur": motionBlur,
  shear,
  scale,
  rotate,
  brightness,
  translate,
  stripe,
  fog,
  spatter,
  "dotted line": dottedLine,
  zigzag,
};

export const corruptionNames = Object.keys(corruptions) as readonly CorruptionName[];

/** Picture `index` of a dataset under a corruption: a pure function of all three, so that every model is shown the same. */
export const corrupted = (name: CorruptionName, picture: GrayImage, index: number): GrayImage =>
  corruptions[name](picture, randomStream(SEED, corruptionNames.indexOf(name), index));

const SEED = 0x6d6e6963;
