import { type Graph, type Node, scopeOf, sizeOf, type Tensor } from "@glyphcast/onnx";
import { evaluate } from "./evaluate.ts";
import type { PassOptions } from "./simplify.ts";
import { fixedNames } from "./values.ts";

/** A result may be larger than what it is made of, as of an Expand, but not by much: it goes into the file. */
const LARGEST_GROWTH = 4096;

/** Computes what depends on constants alone, and the Shape of what has a known one, once and for all. */
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
    const single = others.length === 0 && !fixed.has(output) && node.domain === "";
    const value = single ? (shapeOf(node, scope) ?? computed(node, constantOf)) : undefined;
    if (value) constants.set(output, value);
    else nodes.push(node);
  }
  return { ...graph, nodes, initializers: constants };
}

const shapeOf = ({ op, outputs }: Node, scope: ReturnType<typeof scopeOf>): Tensor | undefined =>
  op === "Shape" || op === "Constant" ? scope.constant(outputs[0]!) : undefined;

function computed(node: Node, constantOf: (name: string) => Tensor | undefined): Tensor | undefined {
  const given = node.inputs.map((name) => (name === "" ? undefined : constantOf(name)));
  if (given.some((tensor, i) => !tensor && node.inputs[i] !== "")) return undefined;
  const value = evaluate(node, given);
  if (!value) return undefined;
  const before = given.reduce((sum, tensor) => sum + (tensor ? sizeOf(tensor.shape) : 0), 0);
  return sizeOf(value.shape) <= before + LARGEST_GROWTH ? value : undefined;
}
