import { OnnxError } from "@glyphcast/onnx";
import { TfjsError } from "../errors.ts";
import type { Held } from "../layout.ts";
import { OpError, UnsupportedOpsError } from "./errors.ts";
import type { Edge, GraphDef, OpNode } from "./graph-def.ts";
import type { GraphLowering } from "./graph-lowering.ts";
import { OpCall, type OpRule } from "./op-rule.ts";
import { nodesInOrder } from "./order.ts";

/** Lowers every node that a graph's outputs need; returns the outputs. `args` are its inputs, in their order. */
export function lowerGraph(lowering: GraphLowering, graph: GraphDef, args: readonly Held[]): readonly Held[] {
  const { ruleOf } = lowering.source;
  const values = new Map<string, readonly Held[]>();
  const rules = new Map<string, OpRule>();
  for (const [i, { from }] of graph.inputs.entries()) {
    const known = values.get(from.node) ?? [];
    values.set(from.node, Object.assign([...known], { [from.index]: args[i] }));
  }
  const read = ({ node, port, index }: Edge, reader: string): Held => {
    const results = values.get(node);
    const names = rules.get(node)?.outputs ?? [];
    const place = port === undefined || names.length < 2 ? index : Math.max(0, names.indexOf(port)) + index;
    const value = results?.[place];
    if (value) return value;
    throw new OpError(reader, `It reads output ${place} of "${node}", which has ${results?.length ?? 0}.`);
  };
  for (const node of nodesInOrder(graph)) {
    const rule = ruleOf(node.op);
    if (!rule) throw new UnsupportedOpsError([node]);
    rules.set(node.name, rule);
    const inputs = node.inputs.map((edge) => read(edge, `${node.op} "${node.name}"`));
    values.set(node.name, lowerNode(lowering, node, rule, inputs));
  }
  return graph.outputs.map(({ name, from }) => read(from, `Output "${name}"`));
}

function lowerNode(lowering: GraphLowering, node: OpNode, rule: OpRule, inputs: readonly Held[]): readonly Held[] {
  if (!rule.complex && inputs.some((x) => lowering.complex.has(x.name)))
    throw new OpError(
      `${node.op} "${node.name}"`,
      "It reads complex numbers, which few ops take: see the docs' table.",
    );
  try {
    return [rule.lower(new OpCall(lowering, node, inputs))].flat();
  } catch (error) {
    if (error instanceof TfjsError || !(error instanceof OnnxError)) throw error;
    throw new OpError(`${node.op} "${node.name}"`, error.message, { cause: error });
  }
}
