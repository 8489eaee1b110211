import { type Graph, type Node, subgraphsOf, type Tensor } from "@glyphcast/onnx";
import { captured } from "./values.ts";

/** Operators that give another result each time. */
const RANDOM: ReadonlySet<string> = new Set([
  ...["Bernoulli", "Dropout", "Multinomial"],
  ...["RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"],
]);

/** Computes once what several nodes compute, and holds once what several initializers hold. */
export function mergeDuplicates(graph: Graph): Graph {
  const kept = new Set([
    ...graph.outputs.map(({ name }) => name),
    ...graph.inputs.map(({ name }) => name),
    ...graph.nodes.flatMap(captured),
  ]);
  const names = new Map<string, string>();
  const initializers = new Map<string, Tensor>();
  const alike = new Map<string, string[]>();
  for (const [name, tensor] of graph.initializers) {
    const others = group(alike, keyOf(tensor));
    const same = kept.has(name) ? undefined : others.find((other) => equalData(initializers.get(other)!, tensor));
    if (same) names.set(name, same);
    else {
      initializers.set(name, tensor);
      if (!kept.has(name)) others.push(name);
    }
  }

  const seen = new Map<string, Node>();
  const nodes: Node[] = [];
  for (const given of graph.nodes) {
    const node = { ...given, inputs: given.inputs.map((name) => names.get(name) ?? name) };
    const key = RANDOM.has(node.op) || subgraphsOf(node).length > 0 ? undefined : nodeKey(node);
    const first = key === undefined ? undefined : seen.get(key);
    if (first && !node.outputs.some((name) => kept.has(name)))
      for (const [i, name] of node.outputs.entries()) names.set(name, first.outputs[i]!);
    else {
      nodes.push(node);
      if (key !== undefined && !first) seen.set(key, node);
    }
  }
  return { ...graph, nodes, initializers };
}

function group(groups: Map<string, string[]>, key: string): string[] {
  const found = groups.get(key) ?? [];
  groups.set(key, found);
  return found;
}

/** Cheap, and different for most tensors that differ. */
const keyOf = ({ dtype, shape, data }: Tensor): string => `${dtype}[${shape}]:${data.slice(0, 8)}`;

/** Bit for bit, so that a zero is not taken for a negative one. */
function equalData(a: Tensor, b: Tensor): boolean {
  if (a === b) return true;
  if (a.dtype === "string" || b.dtype === "string") return `${a.data}` === `${b.data}`;
  const [left, right] = [bytesOf(a.data), bytesOf(b.data)];
  return left.length === right.length && left.every((byte, i) => byte === right[i]);
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** What a node computes, as text. */
function nodeKey({ op, domain, inputs, outputs, attributes }: Node): string {
  const sorted = Object.entries(attributes).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const text = (_: string, value: unknown): unknown =>
    ArrayBuffer.isView(value)
      ? Array.from(value as Uint8Array, String)
      : typeof value === "bigint"
        ? `${value}`
        : value;
  return JSON.stringify([op, domain, inputs, outputs.length, sorted], text);
}
