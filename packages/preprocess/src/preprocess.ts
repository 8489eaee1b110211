import { color } from "./color.ts";
import { contain, cover, resize } from "./fit.ts";
import { checkRgba, type GrayImage, type PixelImage, type RgbaImage } from "./image.ts";
import { luminance } from "./luminance.ts";
import { placeDigit } from "./place-digit.ts";
import { polarity } from "./polarity.ts";
import { parseSteps, type Step } from "./steps.ts";

/**
 * Turns a decoded picture into what a model reads.
 *
 * @throws InvalidImageError, InvalidStepError, and EmptyDrawingError when there is nothing on the picture.
 */
export function preprocess(image: RgbaImage, steps: readonly Step[]): PixelImage {
  checkRgba(image);
  const [first, ...rest] = parseSteps(steps);
  return rest.reduce(run, start(image, first!));
}

function start(image: RgbaImage, step: Step): PixelImage {
  if (step.step === "luminance") return grey(luminance(image, step));
  if (step.step === "color") return color(image, step);
  throw new Error("bug: parseSteps lets only luminance and color stand first");
}

function run(image: PixelImage, step: Step): PixelImage {
  switch (step.step) {
    case "polarity":
      return grey(polarity(image, step));
    case "place-digit":
      return grey(placeDigit(image, step));
    case "resize":
      return resize(image, step);
    case "contain":
      return contain(image, step);
    case "cover":
      return cover(image, step);
    case "luminance":
    case "color":
      throw new Error("bug: parseSteps lets luminance and color stand first only");
  }
}

const grey = (image: GrayImage): PixelImage => ({ ...image, channels: 1 });
