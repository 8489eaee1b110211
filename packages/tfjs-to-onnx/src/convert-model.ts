import type { Tensor } from "@glyphcast/onnx";
import { isObject } from "./config.ts";
import { type Conversion, type ConvertOptions, graphFromLayers, type NamedWeights } from "./convert.ts";
import { appendSoftmax, outputsNchw } from "./finish.ts";
import { type InputShapes, withShapes } from "./fix-shapes.ts";
import { graphFromGraphModel } from "./graph-model/convert-graph.ts";
import { isGraphModel } from "./graph-model/graph-def.ts";
import { tidy } from "./passes/simplify.ts";
import { attributesByNode, opRuleOf } from "./plugin.ts";
import { storeWeights, type WeightStorage } from "./store-weights.ts";

export interface ModelOptions extends Omit<ConvertOptions, "training"> {
  /** Which of a GraphModel's signatures to take, where it has several. */
  readonly signature?: string;
  /** Extents to fix, by the input's name. */
  readonly shapes?: InputShapes;
  /** Append a softmax to the only output, unless the model ends in one. */
  readonly softmax?: boolean;
  /** How images come out. TF.js's own, `nhwc`, by default. */
  readonly outputLayout?: "nhwc" | "nchw";
  /** How weights lie in the file; as float32 by default. */
  readonly weights?: WeightStorage;
}

export interface ModelConversion extends Conversion {
  /** Whether a softmax was appended, since the model did not end in one. */
  readonly softmaxAppended: boolean;
}

/**
 * Converts a LayersModel or a GraphModel for serving.
 *
 * `modelJson` is what `model.json` holds; `weights` are keyed as in the weights manifest.
 * @throws TfjsError
 */
export function graphFromModel(
  modelJson: unknown,
  weights: ReadonlyMap<string, Tensor> | NamedWeights,
  options: ModelOptions = {},
): ModelConversion {
  const { shapes = {}, softmax = false, outputLayout = "nhwc", weights: storage = "float32", plugins = [] } = options;
  const json = isObject(modelJson) ? withShapes(modelJson, shapes) : modelJson;
  const attributes = attributesByNode(json);
  const ops = Object.fromEntries(plugins.map((plugin) => [plugin.className, opRuleOf(plugin, attributes)]));
  const { model, origins } = isGraphModel(json)
    ? graphFromGraphModel(json, weights, { ...options, ops })
    : graphFromLayers(json, weights, options);
  const ended = softmax ? appendSoftmax(model) : model;
  const laidOut = outputLayout === "nchw" ? tidy(outputsNchw(ended), options.onPass) : ended;
  return { model: storeWeights(laidOut, storage), origins, softmaxAppended: ended !== model };
}
