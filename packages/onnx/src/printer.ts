import type { Attribute, Model, Node, ValueType } from "./graph.ts";
import { scopeOfModel } from "./shape/infer.ts";
import { subgraphsOf } from "./subgraphs.ts";
import { sizeOf, type Tensor } from "./tensor.ts";

/**
 * A model as text, one node a line, each with the types of its outputs or with what does not fit:
 *
 * ```
 * digits (opset 17)
 *   in  pixels: uint8[batch, 28, 28]
 *   conv1 = Conv(x, conv1/kernel, conv1/bias) {strides: [2, 2]}  # float32[batch, 16, 14, 14]
 *   out logits: float32[batch, 10]
 * ```
 */
export function printModel(model: Model): string {
  const versions = Object.entries(model.opsets).map(([domain, version]) => `${domain || "opset"} ${version}`);
  return [`${model.graph.name} (${versions.join(", ")})`, ...linesOf(model)].join("\n");
}

function linesOf(model: Model): string[] {
  const { graph } = model;
  const misfits = new Map<Node, string>();
  const scope = scopeOfModel(model, ({ message }, node) => misfits.set(node, message.replaceAll(/\s+/g, " ")));
  const remark = (node: Node): string => {
    const misfit = misfits.get(node);
    if (misfit !== undefined) return `  # ✗ ${misfit}`;
    const types = node.outputs.map((name) => scope.type(name)).flatMap((type) => (type ? [printType(type)] : []));
    return types.length > 0 ? `  # ${types.join(", ")}` : "";
  };
  return [
    ...graph.inputs.map(({ name, ...type }) => `  in  ${name}: ${printType(type)}`),
    ...Array.from(graph.initializers, ([name, tensor]) => `  let ${name} = ${printTensor(tensor)}`),
    ...graph.nodes.flatMap((node) => [`  ${printNode(node)}${remark(node)}`, ...subgraphLines(node, model)]),
    ...graph.outputs.map(({ name, ...type }) => `  out ${name}: ${printType(type)}`),
  ];
}

const subgraphLines = (node: Node, model: Model): string[] =>
  subgraphsOf(node).flatMap(([name, graph]) => [
    `    ${name}:`,
    ...linesOf({ ...model, graph }).map((line) => `    ${line}`),
  ]);

function printNode({ op, domain, inputs, outputs, attributes }: Node): string {
  const list = (names: readonly string[]) => names.map((name) => name || "_").join(", ");
  const entries = Object.entries(attributes).map(([name, value]) => `${name}: ${printAttribute(value)}`);
  return [
    `${list(outputs)} = ${domain ? `${domain}.` : ""}${op}(${list(inputs)})`,
    entries.length > 0 ? ` {${entries.join(", ")}}` : "",
  ].join("");
}

/** `float32[batch, 10]`; `float32[?]` where the rank is not known. */
export const printType = ({ dtype, shape }: ValueType): string => `${dtype}[${shape?.join(", ") ?? "?"}]`;

function printTensor(tensor: Tensor): string {
  if (sizeOf(tensor.shape) > 8) return printType(tensor);
  const values = Array.from(tensor.data as ArrayLike<string | number | bigint>, (value) => {
    if (typeof value === "string") return JSON.stringify(value);
    // Seven digits are what a float32 holds; 0.1 shall not read 0.10000000149011612.
    return tensor.dtype === "float32" ? Number(Number(value).toPrecision(7)) : value;
  });
  return `${printType(tensor)} (${values.join(", ")})`;
}

function printAttribute(value: Attribute): string {
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return JSON.stringify(value);
  if (value instanceof Uint8Array) return `bytes(${value.length})`;
  if ("dtype" in value) return printTensor(value);
  if ("nodes" in value) return `graph(${value.nodes.length} nodes)`;
  return `[${Array.from(value as ArrayLike<Attribute>, printAttribute).join(", ")}]`;
}
