import { float32, type Graph, type Node, numbersOf } from "@glyphcast/onnx";
import { Constants } from "./constants.ts";

/** Operators whose results are never below zero. */
const NON_NEGATIVE: ReadonlySet<string> = new Set(["Exp", "HardSigmoid", "Relu", "Sigmoid", "Softmax", "Softplus"]);

/**
 * Takes a Pad by zeros into the Conv, AveragePool or MaxPool that reads it, where that computes the same.
 *
 * A MaxPool pads with −∞. onnxruntime overlooks that (its PadFusion, seen in 1.30) and also fails where the padding is
 * as wide as the pool; so where a Pad has to stay before a pool, a Max with −∞ keeps the two apart.
 */
export function foldPads(graph: Graph): Graph {
  const constants = new Constants(graph);
  const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const folded = new Set<string>();

  const nodes = graph.nodes.flatMap((node): Node[] => {
    const pad = producers.get(node.inputs[0] ?? "");
    if (pad?.op !== "Pad" || !["AveragePool", "Conv", "MaxPool"].includes(node.op)) return [node];
    const [value = "", pads = "", filling] = pad.inputs;
    const given = constants.get(pads);
    if (!given || filling || (pad.attributes.mode ?? "constant") !== "constant") return [node];
    const amounts = numbersOf(given);
    const changed = constants.reads(pad.outputs[0]!) === 1 && absorb(node, amounts, producers.get(value)?.op);
    if (changed) {
      folded.add(pad.outputs[0]!);
      return [{ ...changed, inputs: [value, ...node.inputs.slice(1)] }];
    }
    return node.op === "Conv" ? [node] : keptApart(node, constants);
  });
  return {
    ...graph,
    nodes: nodes.filter(({ outputs }) => !folded.has(outputs[0]!)),
    initializers: constants.all(),
  };
}

/** The node with the padding of its image as its own; undefined where it would compute something else. */
function absorb(node: Node, amounts: readonly number[], producer: string | undefined): Node | undefined {
  const rank = amounts.length / 2;
  const [begin, end] = [amounts.slice(0, rank), amounts.slice(rank)];
  const { attributes } = node;
  if (begin[0] || begin[1] || end[0] || end[1] || "auto_pad" in attributes) return undefined;
  const added = [...begin.slice(2), ...end.slice(2)];
  const own = (attributes.pads as readonly number[] | undefined) ?? added.map(() => 0);
  const pads = added.map((amount, i) => amount + own[i]!);
  if (node.op === "Conv") return { ...node, attributes: { ...attributes, pads } };

  const kernel = attributes.kernel_shape as readonly number[];
  if (pads.some((amount, i) => amount >= kernel[i % kernel.length]!)) return undefined;
  if (node.op === "MaxPool")
    return NON_NEGATIVE.has(producer ?? "") ? { ...node, attributes: { ...attributes, pads } } : undefined;
  // An average counts zeros that the model put there, but not those of its own padding.
  return own.every((amount) => amount === 0)
    ? { ...node, attributes: { ...attributes, pads, count_include_pad: 1 } }
    : undefined;
}

function keptApart(node: Node, constants: Constants): Node[] {
  const [x = ""] = node.inputs;
  const lowest = constants.add("lowest", float32([], [Number.NEGATIVE_INFINITY]));
  const apart = `${node.name}/apart`;
  return [
    { op: "Max", domain: "", name: apart, inputs: [x, lowest], outputs: [apart], attributes: {} },
    { ...node, inputs: [apart, ...node.inputs.slice(1)] },
  ];
}
