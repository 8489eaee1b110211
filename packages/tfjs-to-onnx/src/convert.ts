import { GraphBuilder, type Model, modelOf, OnnxError, type Tensor } from "@glyphcast/onnx";
import { LayerError, TfjsError, UnsupportedLayersError } from "./errors.ts";
import { declareInputs, type InputOptions } from "./input.ts";
import { refuseIgnored } from "./layers/ignored.ts";
import { Call, type LayerRule } from "./layers/rule.ts";
import { LAYERS } from "./layers/rules.ts";
import { type Held, unmasked } from "./layout.ts";
import { Lowering } from "./lowering.ts";
import { metadataOf } from "./metadata.ts";
import { DEFAULT_OPSET, irVersionOf } from "./opset.ts";
import type { Origin } from "./origin.ts";
import { type ClassifierOptions, declareOutputs } from "./output.ts";
import { type PassEffect, simplify } from "./passes/simplify.ts";
import { layerRuleOf, type Plugin } from "./plugin.ts";
import {
  allLayers,
  callsInOrder,
  type Layer,
  type Ref,
  readModelJson,
  sharedLayers,
  type Topology,
} from "./topology.ts";
import { VERSION } from "./version.ts";

/** Tensors by the names that TF.js gives them: `conv1/kernel`. */
export type NamedWeights = Readonly<Record<string, Tensor>>;

export interface ConvertOptions extends InputOptions {
  /** The graph's name; the model's own by default. */
  readonly name?: string;
  /**
   * A forward graph to take gradients of, instead of one to serve: batch normalisation over the batch (its updated
   * statistics are outputs), Dropout kept, nothing folded, every weight an initializer named as in TF.js, the last
   * softmax left out and its input called `logits`.
   */
  readonly training?: boolean;
  /** Outputs `logits`, `probabilities` = softmax(logits / temperature) and `confidence`, the largest probability. */
  readonly classifier?: boolean | ClassifierOptions;
  /** The ONNX operator set to write, 13 to 21; 17 by default. */
  readonly opset?: number;
  /** How layers or ops that this package does not know become ONNX. */
  readonly plugins?: readonly Plugin[];
  /** Told what each simplification did. */
  readonly onPass?: (effect: PassEffect) => void;
  /** Written into the model's `metadata_props`, beside where it comes from. */
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface Conversion {
  readonly model: Model;
  /** Which TF.js weight each initializer holds: all in a training graph, those that no pass has changed otherwise. */
  readonly origins: readonly Origin[];
}

/**
 * Converts a TF.js LayersModel.
 *
 * `modelJson` is what `model.json` holds, or its `modelTopology`; `weights` are keyed as in the weights manifest.
 * @throws TfjsError
 */
export function graphFromLayers(
  modelJson: unknown,
  weights: ReadonlyMap<string, Tensor> | NamedWeights,
  options: ConvertOptions = {},
): Conversion {
  const { topology, writer } = readModelJson(modelJson);
  const plugins = new Map(options.plugins?.map((plugin) => [plugin.className, plugin]));
  const { training = false, name = topology.name, opset = DEFAULT_OPSET } = options;
  const irVersion = irVersionOf(opset);
  const g = new GraphBuilder(name, opset);
  const named = weights instanceof Map ? weights : new Map(Object.entries(weights as NamedWeights));
  const ruleOf = (className: string): LayerRule | undefined => {
    const plugin = plugins.get(className);
    return plugin ? layerRuleOf(plugin, named) : LAYERS.get(className);
  };
  refuseUnknownLayers(topology, ruleOf);
  const lowering = new Lowering(g, named, { training, shared: sharedLayers(topology), lowerLayer: lowerCall, ruleOf });
  try {
    const inputs = declareInputs(lowering, topology, options);
    const outputs = lowerModel(lowering, topology, inputs);
    declareOutputs(lowering, topology, outputs, options);
    const graph = simplify(g.build(), { ...options, opset, training });
    const kept = ({ initializer }: Origin): boolean =>
      graph.initializers.has(initializer) && graph.initializers.get(initializer) === g.constant(initializer);
    const metadata = metadataOf({ format: "tfjs-layers-model", writer }, options);
    const versions = { irVersion, opsets: { "": opset } };
    const fields = { ...versions, producerName: "tfjs-to-onnx", producerVersion: VERSION, metadata };
    return { model: modelOf(graph, fields), origins: lowering.origins.filter(kept) };
  } catch (error) {
    if (!(error instanceof OnnxError)) throw error;
    throw new LayerError(`Model "${name}"`, `Its layers do not fit together: ${error.message}`, { cause: error });
  }
}

function refuseUnknownLayers(topology: Topology, ruleOf: Lowering["ruleOf"]): void {
  const unknown = allLayers(topology).filter(({ className }) => className !== "InputLayer" && !ruleOf(className));
  if (unknown.length > 0) throw new UnsupportedLayersError(unknown.map(({ className, name }) => ({ className, name })));
}

/** Lowers every call that the model's outputs need; returns the outputs. */
function lowerModel(lowering: Lowering, model: Topology, inputs: readonly Held[]): readonly Held[] {
  const values = new Map<string, readonly Held[]>();
  const keyOf = ({ layer, call }: { layer: string; call: number }): string => `${call}:${layer}`;
  const read = (ref: Ref): Held =>
    values.get(keyOf(ref))?.[ref.tensor] ??
    model.layers.get(ref.layer)!.config.fail(`Its output ${ref.tensor} is read, but it does not have one.`);

  for (const [i, ref] of model.inputs.entries()) values.set(keyOf(ref), [inputs[i] ?? missingInput(model, ref)]);
  for (const { layer, call } of callsInOrder(model)) {
    const key = keyOf({ layer: layer.name, call });
    if (values.has(key)) continue;
    values.set(key, lowerCall(lowering, layer, layer.calls[call]!.map(read), call));
  }
  return model.outputs.map(read);
}

function lowerCall(lowering: Lowering, layer: Layer, inputs: readonly Held[], call?: number): readonly Held[] {
  const masks = inputs.map(({ mask }) => mask);
  if (masks.some((mask) => mask !== undefined)) lowering.passed = { ...lowering.passed, masked: true, mask: masks[0] };
  if (layer.model) {
    const expected = layer.model.inputs.length;
    if (inputs.length !== expected) layer.config.fail(`It reads ${inputs.length} tensors, expected ${expected}.`);
    return lowerModel(lowering, layer.model, inputs.map(unmasked)).map(unmasked);
  }
  if (layer.className === "InputLayer") layer.config.fail("It is read, but is not among the model's input_layers.");
  try {
    const rule = lowering.ruleOf(layer.className)!;
    if (rule === LAYERS.get(layer.className)) refuseIgnored(layer.className, layer.config);
    const made = new Call(lowering, layer, inputs, call);
    const unread = [...made.keywords.keys()].find((keyword) => !rule.keywords?.includes(keyword));
    if (unread !== undefined) made.fail(`Its keyword argument ${unread} is a tensor, which is not supported.`);
    const outputs = [rule.lower(made)].flat();
    return rule.carriesMask ? outputs.map((x) => ({ ...x, mask: masks[0] })) : outputs;
  } catch (error) {
    if (error instanceof TfjsError || !(error instanceof OnnxError)) throw error;
    throw new LayerError(layer.config.layer, error.message, { cause: error });
  }
}

const missingInput = (model: Topology, { layer }: Ref): never =>
  model.layers.get(layer)!.config.fail("It is an input of the model that nothing feeds.");
