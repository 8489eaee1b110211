import type { Graph } from "../graph.ts";
import { subgraphsOf, valuesRead } from "../subgraphs.ts";

/**
 * Drops Identity nodes. One that names an output gives its name to the node that computes the value, unless the value
 * is an input, a constant, or has the name of another output. What a subgraph reads keeps its name.
 */
export function dropIdentities(graph: Graph): Graph {
  const fixed = new Set([...graph.inputs, ...graph.outputs].map(({ name }) => name));
  for (const name of graph.initializers.keys()) fixed.add(name);
  const around = graph.nodes.filter((node) => subgraphsOf(node).length > 0);
  const inside = new Set(around.flatMap((node) => [...valuesRead({ ...node, inputs: [] })]));
  for (const name of inside) fixed.add(name);
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const names = new Map<string, string>();
  const nameOf = (name: string): string => (names.has(name) ? nameOf(names.get(name)!) : name);
  const dropped = new Set<string>();
  for (const { op, name, inputs, outputs: results } of graph.nodes) {
    if (op !== "Identity") continue;
    const [from, to] = [nameOf(inputs[0]!), results[0]!];
    if (inside.has(to)) continue;
    if (!outputs.has(to)) names.set(to, from);
    else if (!fixed.has(from)) {
      names.set(from, to);
      fixed.add(to);
    } else continue;
    dropped.add(name);
  }
  const nodes = graph.nodes
    .filter(({ name }) => !dropped.has(name))
    .map((node) => ({ ...node, inputs: node.inputs.map(nameOf), outputs: node.outputs.map(nameOf) }));
  const written = new Set(nodes.flatMap(({ outputs: results }) => results));
  return { ...graph, nodes, values: new Map([...graph.values].filter(([name]) => written.has(name))) };
}
