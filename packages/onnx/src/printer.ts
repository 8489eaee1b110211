import type { Attribute, Graph, Model, Node, ValueType } from "./graph.ts";
import { scopeOf } from "./shape/infer.ts";
import { sizeOf, type Tensor } from "./tensor.ts";

/**
 * A model as text, one node a line:
 *
 * ```
 * digits (opset 17)
 *   in  pixels: uint8[batch, 28, 28]
 *   conv1 = Conv(x, conv1/kernel, conv1/bias) {strides: [2, 2]}  # float32[batch, 16, 14, 14]
 *   out logits: float32[batch, 10]
 * ```
 */
export function printModel({ graph, opsets }: Model): string {
  const scope = scopeOf(graph, opsets[""] ?? 17);
  const versions = Object.entries(opsets).map(([domain, version]) => `${domain || "opset"} ${version}`);
  return [`${graph.name} (${versions.join(", ")})`, ...linesOf(graph, (name) => scope.type(name))].join("\n");
}

function linesOf(graph: Graph, typeOf: (name: string) => ValueType | undefined): string[] {
  return [
    ...graph.inputs.map(({ name, ...type }) => `  in  ${name}: ${printType(type)}`),
    ...Array.from(graph.initializers, ([name, tensor]) => `  let ${name} = ${printTensor(tensor)}`),
    ...graph.nodes.map((node) => printNode(node, typeOf)),
    ...graph.outputs.map(({ name, ...type }) => `  out ${name}: ${printType(type)}`),
  ];
}

function printNode(
  { op, domain, inputs, outputs, attributes }: Node,
  typeOf: (name: string) => ValueType | undefined,
): string {
  const call = `${domain ? `${domain}.` : ""}${op}(${inputs.map((name) => name || "_").join(", ")})`;
  const entries = Object.entries(attributes).map(([name, value]) => `${name}: ${printAttribute(value)}`);
  const types = outputs.map(typeOf).flatMap((type) => (type ? [printType(type)] : []));
  return [
    `  ${outputs.map((name) => name || "_").join(", ")} = ${call}`,
    entries.length > 0 ? ` {${entries.join(", ")}}` : "",
    types.length > 0 ? `  # ${types.join(", ")}` : "",
  ].join("");
}

/** `float32[batch, 10]`; `float32[?]` where the rank is not known. */
export const printType = ({ dtype, shape }: ValueType): string => `${dtype}[${shape?.join(", ") ?? "?"}]`;

function printTensor(tensor: Tensor): string {
  const values = sizeOf(tensor.shape) <= 8 ? ` (${Array.from(tensor.data as ArrayLike<unknown>).join(", ")})` : "";
  return `${printType(tensor)}${values}`;
}

function printAttribute(value: Attribute): string {
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return JSON.stringify(value);
  if (value instanceof Uint8Array) return `bytes(${value.length})`;
  if ("dtype" in value) return printTensor(value);
  if ("nodes" in value) return `graph(${value.nodes.length} nodes)`;
  return `[${Array.from(value as ArrayLike<Attribute>, printAttribute).join(", ")}]`;
}
