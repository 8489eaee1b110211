import type { Tensor } from "@glyphcast/onnx";
import { isObject } from "./config.ts";
import type { Conversion, ConvertOptions, NamedWeights } from "./convert.ts";
import type { InputShapes } from "./fix-shapes.ts";
import { isGraphModel } from "./graph-model/graph-def.ts";
import type { OpRule } from "./graph-model/op-rule.ts";
import { tidy } from "./passes/simplify.ts";
import type { Plugin } from "./plugin.ts";
import type { WeightStorage } from "./store-weights.ts";

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
 * Converts a LayersModel or a GraphModel for serving. What the kind at hand and the options need is imported then, so
 * that a page downloads about half of the converter.
 *
 * `modelJson` is what `model.json` holds; `weights` are keyed as in the weights manifest.
 * @throws TfjsError
 */
export async function graphFromModel(
  modelJson: unknown,
  weights: ReadonlyMap<string, Tensor> | NamedWeights,
  options: ModelOptions = {},
): Promise<ModelConversion> {
  const { shapes = {}, softmax = false, outputLayout = "nhwc", weights: storage = "float32", plugins = [] } = options;
  const fixed = isObject(modelJson) && Object.keys(shapes).length > 0;
  const json = fixed ? (await import("./fix-shapes.ts")).withShapes(modelJson, shapes) : modelJson;
  const { model, origins } = isGraphModel(json)
    ? (await import("./graph-model/convert-graph.ts")).graphFromGraphModel(json, weights, {
        ...options,
        ops: await opRulesOf(plugins, json),
      })
    : (await import("./convert.ts")).graphFromLayers(json, weights, options);
  const ended = softmax ? (await import("./finish.ts")).appendSoftmax(model) : model;
  const laidOut =
    outputLayout === "nchw" ? tidy((await import("./finish.ts")).outputsNchw(ended), options.onPass) : ended;
  const stored = storage === "float32" ? laidOut : (await import("./store-weights.ts")).storeWeights(laidOut, storage);
  return { model: stored, origins, softmaxAppended: ended !== model };
}

async function opRulesOf(plugins: readonly Plugin[], json: unknown): Promise<Readonly<Record<string, OpRule>>> {
  if (plugins.length === 0) return {};
  const { attributesByNode, opRuleOf } = await import("./plugin.ts");
  const attributes = attributesByNode(json);
  return Object.fromEntries(plugins.map((plugin) => [plugin.className, opRuleOf(plugin, attributes)]));
}
