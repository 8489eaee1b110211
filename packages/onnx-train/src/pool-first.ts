import type { Graph, Node } from "@glyphcast/onnx";

/**
 * Lets a MaxPool come before the Relu that it reads: max(relu(x)) = relu(max(x)), and the gradient is the same, but the
 * Relu has a fraction of the elements to do. Values that something else reads stay where they are.
 */
export function poolFirst(graph: Graph): Graph {
  const read = new Map<string, number>();
  const reads = (name: string) => read.set(name, (read.get(name) ?? 0) + 1);
  for (const { inputs } of graph.nodes) inputs.forEach(reads);
  for (const { name } of graph.outputs) reads(name);

  const poolOf = new Map<string, Node>();
  for (const node of graph.nodes)
    if (node.op === "MaxPool" && node.outputs.length === 1 && read.get(node.inputs[0]!) === 1)
      poolOf.set(node.inputs[0]!, node);

  const swapped = new Set<Node>();
  const nodes = graph.nodes.flatMap((relu) => {
    const pool = relu.op === "Relu" ? poolOf.get(relu.outputs[0]!) : undefined;
    if (!pool) return [relu];
    swapped.add(pool);
    // The value between them keeps its name: it is what comes out of the first of the two.
    return [
      { ...pool, inputs: relu.inputs, outputs: relu.outputs },
      { ...relu, inputs: relu.outputs, outputs: pool.outputs },
    ];
  });
  return { ...graph, nodes: nodes.filter((node) => !swapped.has(node)) };
}
