export { EmptyDrawingError, InvalidImageError, InvalidStepError, PreprocessError } from "./errors.ts";
export type { GrayImage, RgbaImage } from "./image.ts";
export { type LuminanceOptions, luminance } from "./luminance.ts";
export { type Placement, placeDigit } from "./place-digit.ts";
export { type PolarityOptions, polarity } from "./polarity.ts";
export { preprocess } from "./preprocess.ts";
export { digitSteps, parseSteps, type Step } from "./steps.ts";
