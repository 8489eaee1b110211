import { float32, type Graph, type Node } from "@glyphcast/onnx";
import { Constants } from "./constants.ts";
import { type Linear, linearOf, perChannel, scaleAlong } from "./linear.ts";

/**
 * Takes a Mul or Add by a constant per output channel into the Conv, Gemm or MatMul before it. That is what a batch
 * normalisation with fixed statistics comes to: s·(w·x + b) + t = (s·w)·x + (s·b + t).
 */
export function foldIntoWeights(graph: Graph): Graph {
  const constants = new Constants(graph);
  const nodes: Node[] = [];
  const producers = new Map<string, number>();
  for (const node of graph.nodes) {
    const [x, c] = operandsOf(node, producers);
    const place = producers.get(x) ?? -1;
    const folded = nodes[place] && constants.reads(x) === 1 && fold(nodes[place], node, c, constants);
    if (folded) nodes[place] = folded;
    else nodes.push(node);
    for (const name of node.outputs) producers.set(name, folded ? place : nodes.length - 1);
  }
  return { ...graph, nodes, initializers: constants.all() };
}

/** The computed operand first, the constant second. */
function operandsOf({ inputs }: Node, producers: ReadonlyMap<string, number>): readonly [string, string] {
  const [a = "", b = ""] = inputs;
  return producers.has(a) ? [a, b] : [b, a];
}

function fold(producer: Node, { op, outputs }: Node, constant: string, constants: Constants): Node | undefined {
  const linear = op === "Mul" || op === "Add" ? linearOf(producer, constants) : undefined;
  const values = linear && perChannel(constants.get(constant), linear);
  if (!linear || !values || (op === "Add" && !linear.takesBias)) return undefined;
  const inputs =
    op === "Mul" ? scaled(producer, linear, values, constants) : shifted(producer, linear, values, constants);
  return { ...producer, inputs, outputs };
}

function scaled({ inputs }: Node, { weight, weightAxis, bias }: Linear, factors: Float64Array, constants: Constants) {
  const [x, w, b] = inputs as [string, string, string?];
  const changed = [x, constants.change(w, scaleAlong(weight, weightAxis, factors))];
  return bias ? [...changed, constants.change(b!, scaleAlong(bias, 0, factors))] : changed;
}

function shifted({ inputs }: Node, { bias }: Linear, terms: Float64Array, constants: Constants) {
  const [x, w, b] = inputs as [string, string, string?];
  const sum = float32(
    [terms.length],
    terms.map((term, i) => term + (bias?.data[i] ?? 0)),
  );
  return [x, w, bias ? constants.change(b!, sum) : constants.add(w.replace(/[^/]*$/, "bias"), sum)];
}
