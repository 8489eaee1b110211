export { activationNames } from "./activations.ts";
export { type Conversion, type ConvertOptions, graphFromLayers, type NamedWeights } from "./convert.ts";
export { graphFromModel, type ModelConversion, type ModelOptions } from "./convert-model.ts";
export {
  ChecksumError,
  FetchError,
  LayerError,
  NotAModelError,
  TfjsError,
  UnsupportedLayersError,
  UnsupportedOptionError,
  WeightError,
  WeightPathError,
} from "./errors.ts";
export type { InputShapes } from "./fix-shapes.ts";
export { type GraphModelOptions, graphFromGraphModel } from "./graph-model/convert-graph.ts";
export { OpError, type UnsupportedOp, UnsupportedOpsError } from "./graph-model/errors.ts";
export { type LoadedModel, modelFromUrl, type UrlOptions } from "./model-from-url.ts";
export { OpsetError } from "./opset.ts";
export { type Origin, type Relayout, weightsFromParameters } from "./origin.ts";
export type { ClassifierOptions } from "./output.ts";
export type { PassEffect } from "./passes/simplify.ts";
export { type Plugin, PluginError, type TfjsModules } from "./plugin.ts";
export type { WeightStorage } from "./store-weights.ts";
export type { StoredWeight, Weight, Weights } from "./stored-weight.ts";
export { VERSION } from "./version.ts";
export { readWeights, weightsFromBytes } from "./weights.ts";
