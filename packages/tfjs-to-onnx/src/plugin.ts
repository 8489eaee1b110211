import type { GraphBuilder, Tensor } from "@glyphcast/onnx";
import { isObject, type Json } from "./config.ts";
import { TfjsError } from "./errors.ts";
import type { OpRule } from "./graph-model/op-rule.ts";
import type { LayerRule } from "./layers/rule.ts";
import { type Held, identity } from "./layout.ts";
import type { Lowering } from "./lowering.ts";

/** TF.js's modules, as far as a plug-in may want them. */
export interface TfjsModules {
  readonly core: unknown;
  readonly layers: unknown;
  readonly converter: unknown;
}

/** How a layer class or op that this package does not know becomes ONNX. */
export interface Plugin {
  /** The layer's class_name, or the node's op. It goes before a rule of this package. */
  readonly className: string;
  /**
   * Adds nodes to the graph; returns the result, or all results.
   *
   * config: the layer's config as in model.json, or the node's attributes as plain values.
   * weights: the layer's weights by their names after the layer's, as values of the graph; `weights.kernel`, say.
   * inputs: values of the graph, laid out as TF.js has them. So are the results.
   */
  build(
    graph: GraphBuilder,
    config: Readonly<Record<string, unknown>>,
    weights: Readonly<Record<string, string>>,
    inputs: readonly string[],
  ): string | readonly string[];
  /** Tells TF.js of the class or op too, so that it can run the original: `tf.layers`, `tf.core`, `tf.converter`. */
  register?(tf: TfjsModules): void;
}

/** A plug-in that is none, or that fails on a layer or op. */
export class PluginError extends TfjsError {
  readonly plugin: string;

  constructor(plugin: string, message: string, options?: ErrorOptions) {
    super("TFJS_PLUGIN", `Plug-in ${plugin}: ${message}`, options);
    this.plugin = plugin;
  }
}

/** A plug-in as the rule of a layer class. */
export const layerRuleOf = (plugin: Plugin, weights: ReadonlyMap<string, Tensor>): LayerRule => ({
  becomes: "what a plug-in makes of it",
  lower: (call) => {
    const { name, config } = call.layer;
    const inputs = call.inputs.map((x) => call.plain(x).name);
    return build(plugin, call.lowering, config.layer, config.record, weightsOf(name, call.lowering, weights), inputs);
  },
});

/** A plug-in as the rule of an op. `attributes`: by the node's name, as in model.json. */
export const opRuleOf = (plugin: Plugin, attributes: ReadonlyMap<string, unknown>): OpRule => ({
  becomes: "what a plug-in makes of it",
  lower: (call) => {
    const { name, op } = call.node;
    const inputs = call.inputs.map((x) => call.plain(x).name);
    return build(plugin, call.lowering, `${op} "${name}"`, plainAttributes(attributes.get(name)), {}, inputs);
  },
});

function build(
  plugin: Plugin,
  { g }: Lowering,
  where: string,
  config: Json,
  weights: Readonly<Record<string, string>>,
  inputs: readonly string[],
): readonly Held[] {
  const fail = (message: string, cause?: unknown): never => {
    throw new PluginError(`"${plugin.className}"`, `It fails on ${where}: ${message}`, { cause });
  };
  const attempt = (): readonly string[] => {
    try {
      return [plugin.build(g, config, weights, inputs)].flat();
    } catch (cause) {
      return fail(cause instanceof Error ? cause.message : String(cause), cause);
    }
  };
  return attempt().map((name) => {
    try {
      return { name, perm: identity(g.dims(name).length) };
    } catch (cause) {
      const what = `it returns ${JSON.stringify(name)}, which is no value of the graph of a known shape`;
      return fail(
        `${what}.\n  Give the type where inference cannot tell: graph.op(op, inputs, {}, { types: […] }).`,
        cause,
      );
    }
  });
}

/** The weights of a layer become initializers when they are first read. */
function weightsOf(
  layer: string,
  { g }: Lowering,
  weights: ReadonlyMap<string, Tensor>,
): Readonly<Record<string, string>> {
  const values: Record<string, string> = {};
  for (const [name, tensor] of weights) {
    if (!name.startsWith(`${layer}/`)) continue;
    let value: string | undefined;
    const get = (): string => {
      value ??= g.initializer(g.unique(name), tensor);
      return value;
    };
    Object.defineProperty(values, name.slice(layer.length + 1), { get, enumerable: true });
  }
  return values;
}

/** The attributes of every node of a GraphModel and of its functions. */
export function attributesByNode(modelJson: unknown): ReadonlyMap<string, unknown> {
  const json = isObject(modelJson) ? modelJson : {};
  const topology = isObject(json.modelTopology) ? json.modelTopology : json;
  const library = isObject(topology.library) ? topology.library.function : [];
  const lists = [topology.node, ...(Array.isArray(library) ? library.map((item) => item?.nodeDef) : [])];
  const nodes = lists.flatMap((list) => (Array.isArray(list) ? list : []));
  return new Map(nodes.filter(isObject).map(({ name, attr }) => [`${name}`, attr]));
}

/** AttrValues as what they hold: numbers, text, booleans, names of types, lists of those. */
function plainAttributes(attr: unknown): Json {
  const fields = isObject(attr) ? Object.entries(attr) : [];
  return Object.fromEntries(fields.map(([key, value]) => [key, plainValue(value)]));
}

function plainValue(value: unknown): unknown {
  if (!isObject(value)) return value;
  const [[kind, held] = ["", undefined]] = Object.entries(value);
  if (kind === "list" && isObject(held)) {
    const [[inner, items] = ["", []]] = Object.entries(held);
    return Array.isArray(items) ? items.map((item) => plainValue({ [inner]: item })) : [];
  }
  if (kind === "s" && typeof held === "string") return textOf(held);
  return (kind === "i" || kind === "f") && typeof held === "string" ? Number(held) : held;
}

function textOf(base64: string): string {
  try {
    return atob(base64);
  } catch {
    return base64;
  }
}
