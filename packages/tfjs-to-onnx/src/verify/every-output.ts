import { fieldOf, isObject, type Json } from "../config.ts";
import { type OpNode, readGraphModel } from "../graph-model/graph-def.ts";

/**
 * The same model with every layer's output, or every op's, among its outputs, so that a comparison shows which is the
 * first to differ. Nested models count as one layer. Undefined where the JSON does not say enough.
 */
export function withEveryOutput(modelJson: Json, signature?: string): Json | undefined {
  const topology = fieldOf(modelJson, "modelTopology");
  if (!isObject(topology)) return undefined;
  if (Array.isArray(topology.node)) return withEveryNode(modelJson, signature);
  const wrapped = fieldOf(topology, "model_config");
  const model = isObject(wrapped) ? wrapped : topology;
  const functional = fieldOf(model, "class_name") === "Sequential" ? asGraph(model) : model;
  const config = functional && fieldOf(functional, "config");
  if (!isObject(config) || !Array.isArray(config.layers)) return undefined;
  const outputs = config.layers.flatMap((layer) => outputsOf(layer));
  const changed = { ...functional, config: { ...config, output_layers: outputs } };
  return { ...modelJson, modelTopology: { ...topology, ...(isObject(wrapped) ? { model_config: changed } : changed) } };
}

/** One output for each call of a layer. An InputLayer has nothing to compare. */
function outputsOf(layer: Json): unknown[] {
  const className = fieldOf(layer, "class_name");
  if (className === "InputLayer") return [];
  const name = fieldOf(layer, "name") ?? fieldOf(layer.config as Json, "name");
  const calls = fieldOf(layer, "inbound_nodes");
  const nested = typeof className === "string" && /^(Sequential|Functional|Model)$/.test(className);
  // A nested model's own construction counts as its call 0.
  return Array.isArray(calls) ? calls.map((_, i) => [name, nested ? i + 1 : i, 0]) : [];
}

/** A Sequential model as a Functional one. */
function asGraph(model: Json): Json | undefined {
  const given = fieldOf(model, "config");
  const config = Array.isArray(given) ? { layers: given } : given;
  if (!isObject(config) || !Array.isArray(config.layers)) return undefined;
  const [first] = config.layers as Json[];
  const inner = first?.config as Json | undefined;
  const shape = inner && (fieldOf(inner, "batch_input_shape") ?? fieldOf(inner, "batch_shape"));
  if (!first || !inner || !Array.isArray(shape)) return undefined;
  const input: Json = {
    class_name: "InputLayer",
    config: {
      name: `${fieldOf(inner, "name")}_input`,
      batch_input_shape: shape,
      dtype: fieldOf(inner, "dtype") ?? "float32",
    },
  };
  const chain = fieldOf(first, "class_name") === "InputLayer" ? (config.layers as Json[]) : [input, ...config.layers];
  const names = chain.map((layer: Json) => fieldOf(layer.config as Json, "name"));
  const nested = chain.map((layer: Json) => /^(Sequential|Functional|Model)$/.test(`${fieldOf(layer, "class_name")}`));
  const layers = chain.map((layer: Json, i: number) => ({
    ...layer,
    name: names[i],
    inbound_nodes: i === 0 ? [] : [[[names[i - 1], nested[i - 1] ? 1 : 0, 0, {}]]],
  }));
  return {
    ...model,
    class_name: "Functional",
    config: {
      name: fieldOf(config, "name") ?? "model",
      layers,
      input_layers: [[names[0], 0, 0]],
      output_layers: [[names.at(-1), nested.at(-1) ? 1 : 0, 0]],
    },
  };
}

/** Ops whose results are no tensors to compare, or exist in one branch only. */
const WITHOUT_VALUE =
  /^(Assert|Const|Enter|Exit|LoopCond|Merge|NextIteration|NoOp|Placeholder.*|Switch|TensorList.*|.*While|.*If|.*Hash.*|.*Variable.*)$/;

/** The signature's inputs stay; its outputs are all nodes that have a value. */
function withEveryNode(modelJson: Json, chosen: string | undefined): Json {
  const { graph } = readGraphModel(modelJson, chosen);
  const inputs = graph.inputs.map(({ name, from, dtype, shape }) => [
    name,
    { name: `${from.node}:${from.index}`, dtype, ...(shape !== undefined && { tensorShape: shape }) },
  ]);
  const inside = insideControlFlow(graph.nodes);
  const outputs = [...graph.nodes.values()]
    .filter(({ name, op }) => !WITHOUT_VALUE.test(op) && !inside.has(name))
    .map(({ name }) => [name, { name }]);
  const signature = { inputs: Object.fromEntries(inputs), outputs: Object.fromEntries(outputs) };
  const { signature: _, signatures: __, userDefinedMetadata: ___, ...fields } = modelJson;
  return { ...fields, signature };
}

/** The nodes of v1 loops and branches: they have a value in each turn, or in one branch only. */
function insideControlFlow(nodes: ReadonlyMap<string, OpNode>): ReadonlySet<string> {
  const readers = new Map<string, OpNode[]>();
  for (const node of nodes.values())
    for (const { node: from } of node.inputs) readers.set(from, [...(readers.get(from) ?? []), node]);
  const inside = new Set<string>();
  const pending = [...nodes.values()].filter(({ op }) => op === "Enter" || op === "Switch");
  for (let node = pending.pop(); node; node = pending.pop()) {
    if (inside.has(node.name)) continue;
    inside.add(node.name);
    const loop = node.op === "Merge" && node.inputs.some(({ node: from }) => nodes.get(from)?.op === "NextIteration");
    // An Exit and the Merge of two branches lead out.
    if (node.op !== "Exit" && (node.op !== "Merge" || loop)) pending.push(...(readers.get(node.name) ?? []));
  }
  return inside;
}
