import type { Graph } from "../graph.ts";

/** The graph without the nodes and initializers that no output depends on. Inputs stay. */
export function removeDeadNodes(graph: Graph): Graph {
  const needed = new Set(graph.outputs.map(({ name }) => name));
  const nodes = graph.nodes
    .toReversed()
    .filter((node) => {
      const used = node.outputs.some((output) => needed.has(output));
      if (used) for (const input of valuesRead(node)) needed.add(input);
      return used;
    })
    .reverse();
  const initializers = new Map([...graph.initializers].filter(([name]) => needed.has(name)));
  return { ...graph, nodes, initializers };
}

/** What a node reads, by itself and inside its subgraphs. */
function* valuesRead({ inputs, attributes }: Graph["nodes"][number]): Generator<string> {
  yield* inputs;
  for (const attribute of Object.values(attributes)) {
    if (typeof attribute !== "object" || !("nodes" in attribute)) continue;
    for (const node of attribute.nodes) yield* valuesRead(node);
    for (const { name } of attribute.outputs) yield name;
  }
}
