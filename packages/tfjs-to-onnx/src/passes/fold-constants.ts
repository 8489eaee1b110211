import { type Graph, type Node, scopeOf, sizeOf, type Tensor } from "@glyphcast/onnx";
import { evaluate } from "./evaluate.ts";
import type { PassOptions } from "./simplify.ts";
import { fixedNames } from "./values.ts";

/** A result may be larger than what it is made of, as of an Expand, but not by much: it goes into the file. */
const LARGEST_GROWTH = 4096;

/** Computes what depends on constants alone once and for all: shapes that are known, and arithmetic on weights. */
export function foldConstants(graph: Graph, { opset }: PassOptions): Graph {
  const scope = scopeOf(graph, opset, () => {});
  const inputs = new Set(graph.inputs.map(({ name }) => name));
  const fixed = fixedNames(graph);
  const constants = new Map<string, Tensor>(graph.initializers);
  // An initializer that is also an input is only its default.
  const constantOf = (name: string): Tensor | undefined => (inputs.has(name) ? undefined : constants.get(name));
  const nodes: Node[] = [];
  for (const node of graph.nodes) {
    const [output = "", ...others] = node.outputs;
    const single = others.length === 0 && !fixed.has(output);
    const value = single ? (scope.constant(output) ?? computed(node, constantOf)) : undefined;
    if (value) constants.set(output, value);
    else nodes.push(node);
  }
  return { ...graph, nodes, initializers: constants };
}

function computed(node: Node, constantOf: (name: string) => Tensor | undefined): Tensor | undefined {
  const given = node.inputs.map(constantOf);
  if (node.domain !== "" || given.some((tensor) => !tensor)) return undefined;
  const value = evaluate(node, given);
  const before = given.reduce((sum, tensor) => sum + sizeOf(tensor!.shape), 0);
  return value && sizeOf(value.shape) <= before + LARGEST_GROWTH ? value : undefined;
}
