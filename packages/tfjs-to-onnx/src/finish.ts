import type { Graph, Model, Node, ValueInfo } from "@glyphcast/onnx";
import { LayerError } from "./errors.ts";

/** Operators that only move or copy elements, so that a softmax before them still ends the model. */
const MOVERS: ReadonlySet<string> = new Set(["Cast", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze"]);

/**
 * Appends a softmax over the last axis of the only output, unless the model ends in one.
 * @throws LayerError where there are several outputs, or they are no logits
 */
export function appendSoftmax(model: Model): Model {
  const { graph } = model;
  const [output, ...others] = graph.outputs;
  const where = `Model "${graph.name}"`;
  if (!output || others.length > 0)
    throw new LayerError(where, `It has ${graph.outputs.length} outputs; a softmax can be appended to one.`);
  const last = endOf(graph, output.name);
  if (last?.op === "Softmax") return model;
  if (last?.op === "Sigmoid") throw new LayerError(where, "It ends in a sigmoid; a softmax after it makes no sense.");
  if (output.dtype !== "float32" || !output.shape?.length)
    throw new LayerError(where, `Its output is ${output.dtype}[${output.shape?.join(", ") ?? "?"}], no logits.`);
  return withAfter(model, output, "softmax", { op: "Softmax", attributes: { axis: -1 } });
}

/** Lays out images among the outputs, [batch, height, width, channels], as [batch, channels, height, width]. */
export function outputsNchw(model: Model): Model {
  return model.graph.outputs
    .filter(({ shape }) => shape?.length === 4)
    .reduce((result, output) => {
      const perm = [0, 3, 1, 2];
      const shape = perm.map((axis) => output.shape![axis]!);
      return withAfter(result, output, "nchw", { op: "Transpose", attributes: { perm } }, { ...output, shape });
    }, model);
}

/** The node whose result an output is, but for its place and order. */
function endOf({ nodes }: Graph, output: string): Node | undefined {
  const producers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  let node = producers.get(output);
  while (node && MOVERS.has(node.op)) node = producers.get(node.inputs[0]!);
  return node;
}

/** A node after what was an output, whose name it takes. */
function withAfter(
  model: Model,
  output: ValueInfo,
  suffix: string,
  { op, attributes }: Pick<Node, "op" | "attributes">,
  declared: ValueInfo = output,
): Model {
  const { graph } = model;
  const before = `${output.name}/before_${suffix}`;
  const rename = (name: string): string => (name === output.name ? before : name);
  const nodes = graph.nodes.map((node) => ({
    ...node,
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
  }));
  const appended = {
    op,
    domain: "",
    name: `${output.name}/${suffix}`,
    inputs: [before],
    outputs: [output.name],
    attributes,
  };
  const outputs = graph.outputs.map((other) => (other === output ? declared : other));
  return { ...model, graph: { ...graph, outputs, nodes: [...nodes, appended] } };
}
