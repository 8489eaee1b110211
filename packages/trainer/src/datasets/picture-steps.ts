import type { Step } from "@glyphcast/preprocess";
import { UsageError } from "../errors.ts";
import type { ImageShape } from "./labelled-images.ts";

/** How a picture comes to a model's size; "digit" is the placement of MNIST. */
export const FITS = ["contain", "cover", "digit"] as const;
export type Fit = (typeof FITS)[number];

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

export interface PictureOptions {
  readonly size?: PictureSize | undefined;
  readonly fit?: Fit | undefined;
  /** One level a pixel instead of red, green and blue. */
  readonly grey?: boolean | undefined;
}

const WHITE = [255, 255, 255] as const;
/** MNIST's drawings take 20 of its 28 pixels. */
const BOX = 20 / 28;

/** @throws UsageError for a digit that is not square. */
export function pictureSteps({ width, height }: PictureSize, fit: Fit, grey: boolean): Step[] {
  if (fit === "digit") {
    if (width !== height)
      throw new UsageError(
        `--fit digit makes square pictures, and the size is ${width}×${height}.\n  Ask for --fit contain or --fit cover.`,
      );
    return [
      { step: "luminance", paper: WHITE },
      { step: "polarity", ink: "auto" },
      { step: "place-digit", size: width, box: Math.max(1, Math.round(width * BOX)), inkThreshold: 64 },
    ];
  }
  const first: Step = { step: grey ? "luminance" : "color", paper: WHITE };
  return [first, fit === "contain" ? { step: fit, width, height, background: 255 } : { step: fit, width, height }];
}

/**
 * How a picture from elsewhere becomes pixels like those of a file that has only grey pixels: as a digit where they are
 * square, unless another way is asked for.
 *
 * @throws UsageError for a size or colour that the pixels do not have.
 */
export function stepsForPixels([height, width]: ImageShape, { size, fit, grey }: PictureOptions): Step[] {
  if (size !== undefined && (size.width !== width || size.height !== height))
    throw new UsageError(`--size is ${size.width}x${size.height}, and the data's pictures are ${width}x${height}.`);
  if (grey === false) throw new UsageError("--no-grey asks for colour, and the data's pictures are grey.");
  return pictureSteps({ width, height }, fit ?? (width === height ? "digit" : "contain"), true);
}

/** The shape of what steps make. */
export function shapeOfSteps(steps: readonly Step[]): ImageShape {
  const last = steps.at(-1)!;
  const size =
    last.step === "place-digit" ? { width: last.size, height: last.size } : "width" in last ? last : undefined;
  if (size === undefined) throw new Error("bug: the last step of a list gives its size");
  return steps[0]!.step === "color" ? [size.height, size.width, 3] : [size.height, size.width];
}
