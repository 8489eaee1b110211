import type { Graph, Node } from "@glyphcast/onnx";

/**
 * Lets the graphs inside of Loop and If read what is around them by its name.
 *
 * Until here such a node lists what its graphs take from outside as further inputs, and they have inputs for it, so that
 * every pass sees who reads what.
 */
export function bindCaptures(graph: Graph): Graph {
  return { ...graph, nodes: graph.nodes.map(bindNode) };
}

function bindNode(node: Node): Node {
  const { body, then_branch, else_branch } = node.attributes as Readonly<Record<string, Graph>>;
  if (node.op === "If" && then_branch && else_branch) {
    const [condition = "", ...taken] = node.inputs;
    const branches = { then_branch: bind(then_branch, 0, taken), else_branch: bind(else_branch, 0, taken) };
    return { ...node, inputs: [condition], attributes: { ...node.attributes, ...branches } };
  }
  if (node.op !== "Loop" || !body) return node;
  // Of a body's outputs, the first is whether to go on; the node's first inputs are the count and that.
  const own = body.outputs.length + 1;
  const attributes = { ...node.attributes, body: bind(body, own, node.inputs.slice(own)) };
  return { ...node, inputs: node.inputs.slice(0, own), attributes };
}

/** A graph whose inputs from `own` on are values from around it. */
function bind(graph: Graph, own: number, taken: readonly string[]): Graph {
  const names = new Map(graph.inputs.slice(own).map(({ name }, i) => [name, taken[i]!]));
  const renamed = (name: string): string => names.get(name) ?? name;
  const nodes = graph.nodes.map((node) => ({ ...node, inputs: node.inputs.map(renamed) }));
  return bindCaptures({ ...graph, inputs: graph.inputs.slice(0, own), nodes });
}
