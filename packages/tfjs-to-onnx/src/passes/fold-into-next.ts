import { float32, type Graph, type Node, sizeOf, type Tensor, type TensorOf } from "@glyphcast/onnx";
import { Constants } from "./constants.ts";
import { linearOf, scaleAlong } from "./linear.ts";
import { fixedNames } from "./values.ts";

/**
 * Takes a Mul or Add by a constant per input channel into the Conv or Gemm that alone reads it: w·(s·x) = (w·s)·x, and
 * w·(x + t) + b = w·x + (b + w·t) where no padding stands between, which would have to be −t/s then.
 */
export function foldIntoNext(graph: Graph): Graph {
  const constants = new Constants(graph);
  const fixed = fixedNames(graph);
  const readers = new Map(graph.nodes.flatMap((node) => node.inputs.map((name) => [name, node] as const)));
  const changed = new Map<Node, Node>();
  const dropped = new Set<Node>();
  // From the end, so that an Add goes before the Mul that it reads.
  for (const node of graph.nodes.toReversed()) {
    const [output = ""] = node.outputs;
    const reader = constants.reads(output) === 1 && !fixed.has(output) ? readers.get(output) : undefined;
    if (!reader || (node.op !== "Mul" && node.op !== "Add")) continue;
    const current = changed.get(reader) ?? reader;
    const constant = node.inputs.find((name) => constants.get(name)?.dtype === "float32");
    const x = node.inputs.find((name) => name !== constant);
    if (constant === undefined || x === undefined || current.inputs[0] !== output) continue;
    const folded = fold(node.op, constants.get(constant)!, current, constants);
    if (!folded) continue;
    const next = { ...folded, inputs: [x, ...folded.inputs.slice(1)] };
    changed.set(reader, next);
    readers.set(x, reader);
    dropped.add(node);
  }
  const nodes = graph.nodes.filter((node) => !dropped.has(node)).map((node) => changed.get(node) ?? node);
  return { ...graph, nodes, initializers: constants.all() };
}

function fold(op: "Mul" | "Add", constant: Tensor, reader: Node, constants: Constants): Node | undefined {
  const linear = reader.op === "MatMul" ? undefined : linearOf(reader, constants);
  const groups = (reader.attributes.group as number | undefined) ?? 1;
  if (!linear) return undefined;
  const { weight, bias } = linear;
  const convolution = reader.op === "Conv";
  const each = convolution ? weight.shape[1]! : weight.shape[0]!;
  const values = channelsOf(constant, each * groups, convolution ? weight.shape.length - 1 : 1);
  const [x = "", w = "", b] = reader.inputs;
  if (!values) return undefined;
  if (op === "Mul") {
    const scaled = scaleInputs(weight, values, convolution, groups);
    return scaled && { ...reader, inputs: [x, constants.change(w, scaled), ...(b ? [b] : [])] };
  }
  const { pads = [], auto_pad } = reader.attributes as { pads?: readonly number[]; auto_pad?: string };
  if (pads.some((amount) => amount !== 0) || (auto_pad && auto_pad !== "NOTSET" && auto_pad !== "VALID"))
    return undefined;
  const sum = float32([linear.channels], contributions(weight, values, convolution, groups, bias));
  const biased = b ? constants.change(b, sum) : constants.add(w.replace(/[^/]*$/, "bias"), sum);
  return { ...reader, inputs: [x, w, biased] };
}

/** The elements of a constant that broadcasts along the channels alone, one per channel. */
function channelsOf({ shape, data }: Tensor, channels: number, fromEnd: number): Float64Array | undefined {
  const values = data as Float32Array;
  if (sizeOf(shape) === 1 && shape.length <= fromEnd + 1) return new Float64Array(channels).fill(values[0]!);
  const along = shape.length <= fromEnd + 1 && shape.at(-fromEnd) === channels && sizeOf(shape) === channels;
  return along ? Float64Array.from(values) : undefined;
}

/** A weight times a factor for each input channel. */
function scaleInputs(
  weight: TensorOf<"float32">,
  factors: Float64Array,
  convolution: boolean,
  groups: number,
): Tensor | undefined {
  if (!convolution) return scaleAlong(weight, 0, factors);
  if (groups === 1) return scaleAlong(weight, 1, factors);
  // One input channel per group: the outputs of a group are scaled alike.
  const outputs = weight.shape[0]! / groups;
  if (weight.shape[1] !== 1) return undefined;
  return scaleAlong(
    weight,
    0,
    Float64Array.from({ length: weight.shape[0]! }, (_, output) => factors[Math.floor(output / outputs)]!),
  );
}

/** b + w·t, for each output. */
function contributions(
  { shape, data }: TensorOf<"float32">,
  terms: Float64Array,
  convolution: boolean,
  groups: number,
  bias: TensorOf<"float32"> | undefined,
): Float64Array {
  const [first = 1, second = 1] = shape;
  const outputs = convolution ? first : second;
  const sums = Float64Array.from({ length: outputs }, (_, output) => bias?.data[output] ?? 0);
  if (!convolution) {
    for (const [i, w] of data.entries()) sums[i % second]! += w * terms[Math.floor(i / second)]!;
    return sums;
  }
  const inner = sizeOf(shape.slice(2));
  for (const [i, w] of data.entries()) {
    const output = Math.floor(i / (second * inner));
    const channel = Math.floor(i / inner) % second;
    const group = Math.floor(output / (first / groups));
    sums[output]! += w * terms[group * second + channel]!;
  }
  return sums;
}
