export { activationNames } from "./activations.ts";
export { type Conversion, type ConvertOptions, graphFromLayers, type NamedWeights } from "./convert.ts";
export {
  LayerError,
  NotAModelError,
  TfjsError,
  UnsupportedLayersError,
  UnsupportedOptionError,
  WeightError,
  WeightPathError,
} from "./errors.ts";
export { OpsetError } from "./opset.ts";
export { type Origin, type Relayout, weightsFromParameters } from "./origin.ts";
export type { ClassifierOptions } from "./output.ts";
export { VERSION } from "./version.ts";
export { readWeights, weightsFromBytes } from "./weights.ts";
