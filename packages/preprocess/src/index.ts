export { type ColorOptions, color } from "./color.ts";
export { EmptyDrawingError, InvalidImageError, InvalidStepError, PreprocessError } from "./errors.ts";
export { type Containment, contain, cover, resize, type Size } from "./fit.ts";
export type { GrayImage, PixelImage, RgbaImage } from "./image.ts";
export { type LuminanceOptions, luminance } from "./luminance.ts";
export { type Placement, placeDigit } from "./place-digit.ts";
export { type PolarityOptions, polarity } from "./polarity.ts";
export { preprocess } from "./preprocess.ts";
export { digitSteps, parseSteps, type Step } from "./steps.ts";
