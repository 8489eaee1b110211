import type { Graph, Node } from "@glyphcast/onnx";
import { Constants } from "./constants.ts";
import { linearOf, scaleAlong } from "./linear.ts";

/** Operators that only move elements, so that a factor can pass them. */
const MOVERS: ReadonlySet<string> = new Set(["Flatten", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze"]);

/**
 * Takes a Mul by a constant number into the Conv, Gemm or MatMul that reads it: w·(s·x) = (s·w)·x. Zero padding stays
 * right, since s·0 = 0.
 */
export function foldInputScale(graph: Graph): Graph {
  const constants = new Constants(graph);
  const readers = new Map(graph.nodes.flatMap((node) => node.inputs.map((name) => [name, node] as const)));
  const changed = new Map<Node, Node>();
  const current = (node: Node): Node => changed.get(node) ?? node;
  const renamed = new Map<string, string>();

  for (const node of graph.nodes) {
    const factor = node.op === "Mul" ? constants.get(node.inputs[1]) : undefined;
    if (factor?.dtype !== "float32" || factor.data.length !== 1 || factor.shape.length > 0) continue;
    const reader = linearReader(node.outputs[0]!, readers, constants);
    const linear = reader && linearOf(current(reader), constants);
    if (!reader || !linear) continue;
    const [x, w, ...bias] = current(reader).inputs as [string, string, ...string[]];
    const factors = new Float64Array(linear.channels).fill(factor.data[0]!);
    const weight = constants.change(w, scaleAlong(linear.weight, linear.weightAxis, factors));
    changed.set(reader, { ...current(reader), inputs: [x, weight, ...bias] });
    renamed.set(node.outputs[0]!, node.inputs[0]!);
  }

  const nodes = graph.nodes
    .filter(({ outputs }) => !renamed.has(outputs[0]!))
    .map((node) => ({ ...current(node), inputs: current(node).inputs.map((name) => renamed.get(name) ?? name) }));
  return { ...graph, nodes, initializers: constants.all() };
}

/** The one node that reads a value as its data, past those that only move it; undefined where there are others. */
function linearReader(value: string, readers: ReadonlyMap<string, Node>, constants: Constants): Node | undefined {
  for (let at = value; ; ) {
    const reader = constants.reads(at) === 1 ? readers.get(at) : undefined;
    if (reader?.inputs[0] !== at) return undefined;
    if (!MOVERS.has(reader.op)) return reader;
    at = reader.outputs[0]!;
  }
}
