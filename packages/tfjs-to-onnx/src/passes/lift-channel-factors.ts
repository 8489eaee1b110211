import type { Graph, Node } from "@glyphcast/onnx";
import { Constants } from "./constants.ts";
import { linearOf, perChannel } from "./linear.ts";
import { fixedNames, producersOf } from "./values.ts";

/**
 * Moves a Mul or Add by a constant per output channel before pads, pools and activations that let it pass, next to the
 * Conv, Gemm or MatMul whose weights `fold-into-weights.ts` then takes it into:
 *
 *   s·pad(x) = pad(s·x)    s·relu(x) = relu(s·x) for s ≥ 0    s·mean(x) = mean(s·x)    t + max(x) = max(t + x)
 */
export function liftChannelFactors(graph: Graph): Graph {
  const constants = new Constants(graph);
  const producers = producersOf(graph);
  const fixed = fixedNames(graph);
  let nodes: readonly Node[] = graph.nodes;
  for (const node of graph.nodes) {
    const path = node.op === "Mul" || node.op === "Add" ? pathBefore(node, producers, constants) : undefined;
    if (!path || path.some(({ outputs }) => fixed.has(outputs[0]!))) continue;
    const [source, constant] = [path[0].inputs[0]!, constantOperand(node, constants)!];
    const lifted = `${source}/${node.op}`;
    const moved: Node = { ...node, inputs: [source, constant], outputs: [lifted] };
    // The last of the path takes the name of what it computes now.
    const changed = new Map(
      path.map((step, i): [Node, Node] => [
        step,
        {
          ...step,
          inputs: i === 0 ? [lifted, ...step.inputs.slice(1)] : step.inputs,
          outputs: i === path.length - 1 ? node.outputs : step.outputs,
        },
      ]),
    );
    nodes = nodes.flatMap((other) => {
      if (other === node) return [];
      const step = changed.get(other);
      return step ? (other === path[0] ? [moved, step] : [step]) : [other];
    });
    for (const step of [moved, ...changed.values()]) for (const name of step.outputs) producers.set(name, step);
  }
  return { ...graph, nodes };
}

const constantOperand = ({ inputs }: Node, constants: Constants): string | undefined =>
  inputs.find((name) => constants.get(name) !== undefined);

/** The nodes between a linear one and this, first to last, all of which let it pass; undefined where there are none. */
function pathBefore(
  node: Node,
  producers: ReadonlyMap<string, Node>,
  constants: Constants,
): readonly [Node, ...Node[]] | undefined {
  const constant = constantOperand(node, constants);
  const tensor = constants.get(constant);
  const path: Node[] = [];
  for (let at = node.inputs.find((name) => name !== constant) ?? ""; ; ) {
    const before = producers.get(at);
    if (!before || constants.reads(at) !== 1) return undefined;
    const linear = linearOf(before, constants);
    const values = linear && perChannel(tensor, linear);
    if (linear) {
      const passes = values && path.every((step) => lets(step, node.op as "Mul" | "Add", values, constants));
      const [first, ...rest] = path;
      return passes && first && (node.op === "Mul" || linear.takesBias) ? [first, ...rest] : undefined;
    }
    if (!PASSABLE.has(before.op) || before.outputs.length > 1) return undefined;
    path.unshift(before);
    at = before.inputs[0]!;
  }
}

const PASSABLE: ReadonlySet<string> = new Set([
  ...["AveragePool", "GlobalAveragePool", "GlobalMaxPool", "LeakyRelu", "MaxPool", "Pad", "Relu"],
]);

/** Whether f(c·x) = c·f(x), or f(x + c) = f(x) + c. */
function lets(node: Node, by: "Mul" | "Add", values: Float64Array, constants: Constants): boolean {
  const padded = ((node.attributes.pads as readonly number[] | undefined) ?? []).some((amount) => amount !== 0);
  switch (node.op) {
    case "AveragePool":
      // Zeros that an average counts do not grow by an Add.
      return by === "Mul" || !((padded || node.attributes.ceil_mode) && node.attributes.count_include_pad);
    case "GlobalAveragePool":
      return true;
    case "GlobalMaxPool":
    case "MaxPool":
      return by === "Add" || values.every((value) => value >= 0);
    case "LeakyRelu":
    case "Relu":
      return by === "Mul" && values.every((value) => value >= 0);
    case "Pad":
      return by === "Mul" && padsZeros(node, constants);
    default:
      return false;
  }
}

/** A filling of zeros stays zeros; along the batch and the channels there is nothing to scale. */
function padsZeros({ inputs, attributes }: Node, constants: Constants): boolean {
  const [, pads, filling] = inputs;
  const value = filling ? constants.get(filling) : undefined;
  const amounts = constants.get(pads)?.data as BigInt64Array | undefined;
  const rank = (amounts?.length ?? 0) / 2;
  const spatial = amounts?.every((amount, i) => i % rank >= 2 || amount === 0n) ?? false;
  return (attributes.mode ?? "constant") === "constant" && spatial && (!filling || value?.data[0] === 0);
}
