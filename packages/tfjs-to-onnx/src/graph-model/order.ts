import { OpError } from "./errors.ts";
import type { Edge, GraphDef, OpNode } from "./graph-def.ts";

/**
 * The nodes that a graph's outputs need, each after what it reads. Its inputs' nodes are not walked past.
 * @throws OpError when a node is missing or reads itself in a circle.
 */
export function nodesInOrder({ nodes, inputs, outputs }: GraphDef): readonly OpNode[] {
  const given = new Set(inputs.map(({ from }) => from.node));
  const ordered: OpNode[] = [];
  const state = new Map<string, "open" | "done">();
  // Recursion would be shorter; a graph may be deeper than the stack.
  const stack: { readonly node: OpNode; next: number }[] = [];

  const enter = ({ node: name }: Edge, reader: string): void => {
    if (given.has(name) || state.get(name) === "done") return;
    const node = nodes.get(name) ?? missing(name, reader);
    if (state.get(name) === "open") throw new OpError(`${node.op} "${name}"`, "It depends on its own result.");
    state.set(name, "open");
    stack.push({ node, next: 0 });
  };

  for (const { name, from } of outputs) {
    enter(from, `Output "${name}"`);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const { node } = top;
      const edge = node.inputs[top.next++];
      if (edge) enter(edge, `${node.op} "${node.name}"`);
      else {
        state.set(node.name, "done");
        ordered.push(node);
        stack.pop();
      }
    }
  }
  return ordered;
}

function missing(name: string, reader: string): never {
  throw new OpError(reader, `It reads "${name}", which the graph does not have.`);
}
