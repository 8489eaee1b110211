import { GraphError } from "../errors.ts";
import { describeNode, type Graph, type Node } from "../graph.ts";
import { valuesRead } from "../subgraphs.ts";

/**
 * The graph with every node after those it reads from. A node moves only as far ahead as another needs it, so a graph
 * in order stays as it is. Subgraphs keep their order.
 * @throws GraphError when nodes read each other in a circle.
 */
export function topologicalSort(graph: Graph): Graph {
  const producers = new Map(graph.nodes.flatMap((node) => node.outputs.filter(Boolean).map((name) => [name, node])));
  const needs = new Map(
    graph.nodes.map((node) => [node, [...valuesRead(node)].flatMap((name) => producers.get(name) ?? [])]),
  );
  const entered = new Set<Node>();
  const sorted = new Set<Node>();
  for (const root of graph.nodes) {
    // Depth first, by hand: a chain of nodes may be longer than the call stack.
    const path = [root];
    for (let node = path.at(-1); node; node = path.at(-1)) {
      entered.add(node);
      const next = needs.get(node)!.find((need) => !sorted.has(need));
      if (next === undefined) {
        sorted.add(node);
        path.pop();
      } else if (entered.has(next)) throw circle(path.slice(path.indexOf(next)));
      else path.push(next);
    }
  }
  return { ...graph, nodes: [...sorted] };
}

function circle(nodes: readonly Node[]): GraphError {
  const names = [...nodes.toReversed(), nodes.at(-1)!].map(describeNode);
  return new GraphError(nodes[0]!.outputs[0]!, `These nodes need each other: ${names.join(", which feeds ")}.`);
}
