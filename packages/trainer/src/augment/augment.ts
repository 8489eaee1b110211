import { bytesPerImage, type ImageShape } from "../datasets/labelled-images.ts";
import { randomStream } from "../random.ts";
import { type AffineRanges, affineWarp, type Beyond, drawAffine } from "./affine.ts";
import { type ElasticRanges, elasticField } from "./elastic.ts";
import { type EraseRanges, randomErase } from "./erase.ts";
import { type SpoilRanges, spoiler } from "./spoil.ts";
import { strokeWidth } from "./stroke.ts";

/** What is done to a training picture each time it is seen, in this order. */
export interface Augmentation {
  readonly affine: AffineRanges;
  readonly elastic?: ElasticRanges;
  /** Strokes get thinner or thicker by up to this, drawn uniformly: 1 is a pixel on either side. */
  readonly stroke?: number;
  readonly erase?: EraseRanges;
  readonly spoil?: SpoilRanges;
  /** What comes in at the edges of a picture that was moved: "paper" by default. */
  readonly beyond?: Beyond;
}

/** Writes the augmented form that picture `index` of `pixels` has in `epoch` to `target` at `offset`. */
export type Augment = (pixels: Uint8Array, epoch: number, index: number, target: Uint8Array, offset: number) => void;

/** What is put where a rectangle is wiped out: paper, or in photographs a grey that says nothing. */
const WIPED: Readonly<Record<Beyond, number>> = { paper: 0, edge: 128 };

/** An augmentation for pictures of one size: a pure function of (seed, epoch, index) and the picture. */
export function createAugment(
  augmentation: Augmentation,
  imageShape: ImageShape,
  { seed, epochs }: { readonly seed: number; readonly epochs: number },
): Augment {
  const { affine, elastic, stroke, erase, spoil, beyond = "paper" } = augmentation;
  const size = bytesPerImage(imageShape);
  const warp = affineWarp(imageShape, beyond);
  const bend = elastic && elasticField(elastic, imageShape);
  const widen = stroke === undefined ? undefined : strokeWidth(imageShape);
  const wipe = erase && randomErase(erase, imageShape, WIPED[beyond]);
  const spoils = spoil && spoiler(spoil, imageShape);
  const spoilt = Math.round((spoil?.until ?? 1) * epochs);
  return (pixels, epoch, index, target, offset) => {
    const random = randomStream(seed, epoch, index);
    const map = drawAffine(affine, imageShape, random);
    warp(pixels, index * size, target, offset, map, bend?.(random));
    widen?.(target, offset, (2 * random() - 1) * stroke!);
    wipe?.(target, offset, random);
    if (epoch < spoilt) spoils?.(pixels, target, offset, random);
  };
}
