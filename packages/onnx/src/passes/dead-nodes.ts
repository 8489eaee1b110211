import type { Graph } from "../graph.ts";
import { valuesRead } from "../subgraphs.ts";

/** The graph without the nodes, initializers and value types that no output depends on. Inputs and their defaults stay. */
export function removeDeadNodes(graph: Graph): Graph {
  const needed = new Set(graph.outputs.map(({ name }) => name));
  const nodes = graph.nodes
    .toReversed()
    .filter((node) => {
      const used = node.outputs.some((output) => needed.has(output));
      if (used) for (const value of valuesRead(node)) needed.add(value);
      return used;
    })
    .reverse();
  const inputs = new Set(graph.inputs.map(({ name }) => name));
  const written = new Set(nodes.flatMap(({ outputs }) => outputs));
  return {
    ...graph,
    nodes,
    initializers: new Map([...graph.initializers].filter(([name]) => needed.has(name) || inputs.has(name))),
    values: new Map([...graph.values].filter(([name]) => written.has(name))),
  };
}
