import type { Tensor } from "@glyphcast/onnx";
import { type Conversion, type ConvertOptions, graphFromLayers, type NamedWeights } from "./convert.ts";
import { graphFromGraphModel } from "./graph-model/convert-graph.ts";
import { isGraphModel } from "./graph-model/graph-def.ts";
import { storeWeights, type WeightStorage } from "./store-weights.ts";

export interface ModelOptions extends ConvertOptions {
  /** Which of a GraphModel's signatures to take, where it has several. */
  readonly signature?: string;
  /** How weights lie in the file; as float32 by default. */
  readonly weights?: WeightStorage;
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
  const convert = isGraphModel(modelJson) ? graphFromGraphModel : graphFromLayers;
  const { model, ...conversion } = convert(modelJson, weights, options);
  return { ...conversion, model: storeWeights(model, options.weights ?? "float32") };
}
