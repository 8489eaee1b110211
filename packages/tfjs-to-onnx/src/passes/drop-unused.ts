import type { Graph } from "@glyphcast/onnx";

/** Drops nodes and initializers that no output needs. */
export function dropUnused(graph: Graph): Graph {
  const needed = new Set(graph.outputs.map(({ name }) => name));
  const nodes = graph.nodes
    .toReversed()
    .filter(({ inputs, outputs }) => {
      const used = outputs.some((name) => needed.has(name));
      if (used) for (const name of inputs) needed.add(name);
      return used;
    })
    .toReversed();
  const initializers = new Map([...graph.initializers].filter(([name]) => needed.has(name)));
  return { ...graph, nodes, initializers };
}
