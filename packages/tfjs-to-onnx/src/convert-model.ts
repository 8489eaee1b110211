import { type Conversion, type ConvertOptions, graphFromLayers, type NamedWeights } from "./convert.ts";
import type { Weights } from "./weights.ts";

/** Converts a LayersModel, whatever was asked of its weights and outputs. @throws TfjsError */
export function graphFromModel(
  modelJson: unknown,
  weights: Weights | NamedWeights,
  options: ConvertOptions = {},
): Conversion {
  return graphFromLayers(modelJson, weights, options);
}
