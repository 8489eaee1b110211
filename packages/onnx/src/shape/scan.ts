import type { Dim, Graph } from "../graph.ts";
import { type NodeView, type ShapeRule, typed } from "./rule.ts";

/**
 * The last states, then what each step gave, stacked.
 *
 * What the body declares of its outputs holds where it is a number; its names are not those of the graph around it.
 */
const Scan: ShapeRule = (node) => {
  const body = node.node.attributes.body as Graph | undefined;
  if (!body) return [];
  const { length } = node.node.inputs;
  const states = length - node.attribute("num_scan_inputs", 0);
  return node.node.outputs.map((_, index) => {
    const output = body.outputs[index] ?? node.fail(`its body has ${body.outputs.length} outputs.`);
    const step = output.shape?.map((dim, axis): Dim => (typeof dim === "number" ? dim : node.fresh(axis, index)));
    if (index < states || !step) return typed(output.dtype, step);
    const axis = node.axis(node.attribute("scan_output_axes", [])[index - states] ?? 0, step.length + 1);
    return typed(output.dtype, step.toSpliced(axis, 0, steps(node, states) ?? node.fresh("steps", index)));
  });
};

/** The extent of the first scanned axis that is known. */
function steps(node: NodeView, states: number): Dim | undefined {
  for (let index = states; index < node.node.inputs.length; index++) {
    const shape = node.shape(index);
    if (shape) return shape[node.axis(node.attribute("scan_input_axes", [])[index - states] ?? 0, shape.length)];
  }
  return undefined;
}

export const SCAN: Readonly<Record<string, ShapeRule>> = { Scan };
