export type { AffineRanges } from "./augment/affine.ts";
export type { Augmentation } from "./augment/augment.ts";
export { type Dataset, firstImages, type ImageShape, type LabelledImages } from "./datasets/labelled-images.ts";
export { loadMnist } from "./datasets/mnist.ts";
export { type Split, stratifiedSplit } from "./datasets/split.ts";
export {
  ConversionError,
  DatasetError,
  DiskFullError,
  DivergenceError,
  EngineMissingError,
  InterruptedError,
  OutputError,
  ParityError,
  PicturesError,
  TrainerError,
  UsageError,
} from "./errors.ts";
export type { Parity } from "./evaluation/parity.ts";
export type { Io, Output } from "./io.ts";
export { type RecipeName, recipes } from "./recipes/index.ts";
export type { Block, ConvBlock, DenseBlock, OneCycle, Recipe } from "./recipes/recipe.ts";
export type { Summary } from "./report/summary.ts";
export { run } from "./run.ts";
