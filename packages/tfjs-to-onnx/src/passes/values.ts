import { type Graph, type Node, subgraphsOf, valuesRead } from "@glyphcast/onnx";

/** The values whose names must stay: outputs, and what subgraphs take from around them. */
export function fixedNames({ nodes, outputs }: Graph): ReadonlySet<string> {
  return new Set([...outputs.map(({ name }) => name), ...nodes.flatMap(captured)]);
}

/** What a node's subgraphs read from around them. */
export const captured = (node: Node): readonly string[] =>
  subgraphsOf(node).length === 0 ? [] : [...valuesRead({ ...node, inputs: [] })];

/** The node that computes each value. */
export const producersOf = ({ nodes }: Graph): Map<string, Node> =>
  new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));

/** The same node as an Identity of a value, for `dropIdentities` to settle. */
export const identityOf = ({ name, outputs }: Node, value: string): Node => ({
  op: "Identity",
  domain: "",
  name,
  inputs: [value],
  outputs,
  attributes: {},
});
