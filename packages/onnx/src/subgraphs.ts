import type { Graph, Node } from "./graph.ts";

/** The graphs among a node's attributes, such as the branches of If, each with where it is. */
export function subgraphsOf({ attributes }: Node): readonly (readonly [string, Graph])[] {
  return Object.entries(attributes).flatMap(([name, value]) => {
    if (typeof value !== "object") return [];
    if ("nodes" in value) return [[name, value] as const];
    if (!Array.isArray(value)) return [];
    return value.flatMap((item, i) => (isGraph(item) ? [[`${name}[${i}]`, item] as const] : []));
  });
}

const isGraph = (item: unknown): item is Graph => typeof item === "object" && item !== null && "nodes" in item;

/** The values that a node needs: its inputs, and what its subgraphs take from around them. */
export function valuesRead(node: Node): ReadonlySet<string> {
  return new Set([...node.inputs.filter(Boolean), ...subgraphsOf(node).flatMap(([, graph]) => captured(graph))]);
}

function captured(graph: Graph): string[] {
  const own = new Set([
    ...graph.inputs.map(({ name }) => name),
    ...graph.initializers.keys(),
    ...graph.nodes.flatMap(({ outputs }) => outputs),
  ]);
  const read = [...graph.nodes.flatMap((node) => [...valuesRead(node)]), ...graph.outputs.map(({ name }) => name)];
  return read.filter((name) => !own.has(name));
}
