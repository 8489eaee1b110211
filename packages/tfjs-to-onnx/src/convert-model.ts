import type { Tensor } from "@glyphcast/onnx";
import { type Conversion, type ConvertOptions, graphFromLayers, type NamedWeights } from "./convert.ts";
import { graphFromGraphModel } from "./graph-model/convert-graph.ts";
import { isGraphModel } from "./graph-model/graph-def.ts";

export interface ModelOptions extends ConvertOptions {
  /** Which of a GraphModel's signatures to take, where it has several. */
  readonly signature?: string;
}

/**
 * Converts a LayersModel or a GraphModel.
 *
 * `modelJson` is what `model.json` holds; `weights` are keyed as in the weights manifest.
 * @throws TfjsError
 */
export function graphFromModel(
  modelJson: unknown,
  weights: ReadonlyMap<string, Tensor> | NamedWeights,
  options: ModelOptions = {},
): Conversion {
  if (isGraphModel(modelJson)) return graphFromGraphModel(modelJson, weights, options);
  return graphFromLayers(modelJson, weights, options);
}
