import { bytesPerImage, type ImageShape } from "../datasets/labelled-images.ts";
import { randomStream } from "../random.ts";
import { type AffineRanges, affineWarp, type Beyond, drawAffine } from "./affine.ts";

/** What is done to a training picture each time it is seen. */
export interface Augmentation {
  readonly affine: AffineRanges;
  /** What comes in at the edges of a picture that was moved: "paper" by default. */
  readonly beyond?: Beyond;
}

/** Writes the augmented form that picture `index` of `pixels` has in `epoch` to `target` at `offset`. */
export type Augment = (pixels: Uint8Array, epoch: number, index: number, target: Uint8Array, offset: number) => void;

/** An augmentation for pictures of one size: a pure function of (seed, epoch, index) and the picture. */
export function createAugment(
  { affine, beyond = "paper" }: Augmentation,
  imageShape: ImageShape,
  seed: number,
): Augment {
  const size = bytesPerImage(imageShape);
  const warp = affineWarp(imageShape, beyond);
  return (pixels, epoch, index, target, offset) => {
    const random = randomStream(seed, epoch, index);
    warp(pixels, index * size, target, offset, drawAffine(affine, imageShape, random));
  };
}
