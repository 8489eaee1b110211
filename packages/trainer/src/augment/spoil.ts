import { bytesPerImage, type ImageShape } from "../datasets/labelled-images.ts";
import type { Random } from "../random.ts";
import { drawRectangle, forEachRow, type SideRange } from "./rectangle.ts";

/** What spoils a share of the pictures: each of them gets one of these, with equal chances. */
export interface SpoilRanges {
  /** Of all pictures, as long as pictures are spoilt. */
  readonly share: number;
  /** The fraction of all epochs that this goes on for: the last ones are for what pictures are like. Default 1. */
  readonly until?: number;
  /** Gaussian noise on each value: its standard deviation, in levels, is drawn from 0 to this. */
  readonly noise: number;
  /** Ink fades to a fraction drawn from this to 1. */
  readonly fade: number;
  /** A rectangle is hidden under one level, or shows another picture's ink on top: its sides, as fractions of the picture's. */
  readonly side: SideRange;
}

/** Spoils the picture at `offset` of `target`, perhaps with ink from one of `pixels`. */
export type Spoil = (pixels: Uint8Array, target: Uint8Array, offset: number, random: Random) => void;

/**
 * A function that spoils pictures of this size, in place, so that a network learns to lean on no single part, level or
 * texture of them.
 *
 * @see Zhong et al. 2020, "Random Erasing Data Augmentation"; Yun et al. 2019, "CutMix", whose patches these are,
 * without their labels
 */
export function spoiler({ share, noise, fade, side }: Omit<SpoilRanges, "until">, imageShape: ImageShape): Spoil {
  const size = bytesPerImage(imageShape);

  const ways: readonly Spoil[] = [
    (_, target, offset, random) => {
      // Three uniform numbers add up to nearly a normal one, of variance 3/12.
      const scale = 2 * noise * random();
      for (let i = offset; i < offset + size; i++) {
        const level = target[i]! + scale * (random() + random() + random() - 1.5);
        target[i] = Math.max(0, Math.min(255, level));
      }
    },
    (_, target, offset, random) => {
      const left = fade + (1 - fade) * random();
      for (let i = offset; i < offset + size; i++) target[i] = target[i]! * left;
    },
    (_, target, offset, random) => {
      const level = random() * 256;
      forEachRow(drawRectangle(side, imageShape, random), imageShape, (at, length) =>
        target.fill(level, offset + at, offset + at + length),
      );
    },
    (pixels, target, offset, random) => {
      const other = Math.floor((random() * pixels.length) / size) * size;
      forEachRow(drawRectangle(side, imageShape, random), imageShape, (at, length) => {
        for (let i = at; i < at + length; i++) target[offset + i] = Math.max(target[offset + i]!, pixels[other + i]!);
      });
    },
  ];
  return (pixels, target, offset, random) => {
    if (random() < share) ways[Math.floor(random() * ways.length)]!(pixels, target, offset, random);
  };
}
