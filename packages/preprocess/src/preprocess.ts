import { checkRgba, type GrayImage, type RgbaImage } from "./image.ts";
import { luminance } from "./luminance.ts";
import { placeDigit } from "./place-digit.ts";
import { polarity } from "./polarity.ts";
import { parseSteps, type Step } from "./steps.ts";

/**
 * Turns a decoded picture into what a model reads.
 *
 * @throws InvalidImageError, InvalidStepError, and EmptyDrawingError when there is nothing on the picture.
 */
export function preprocess(image: RgbaImage, steps: readonly Step[]): GrayImage {
  checkRgba(image);
  const [first, ...rest] = parseSteps(steps);
  let gray = luminance(image, first as Extract<Step, { step: "luminance" }>);
  for (const step of rest) gray = run(gray, step);
  return gray;
}

function run(image: GrayImage, step: Step): GrayImage {
  switch (step.step) {
    case "polarity":
      return polarity(image, step);
    case "place-digit":
      return placeDigit(image, step);
    case "luminance":
      throw new Error("bug: parseSteps lets luminance stand first only");
  }
}
