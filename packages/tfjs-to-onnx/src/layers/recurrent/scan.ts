import { type Dim, removeDeadNodes, type ValueType } from "@glyphcast/onnx";
import { dimOf, type Extent } from "../../extents.ts";
import type { Held } from "../../layout.ts";
import { Call } from "../rule.ts";
import { type Run, type Start, zeroState } from "./run.ts";

/** One step, in a graph of its own: from what the input is then and the states before it, the states after it. */
export type Step = (call: Call, x: string, states: readonly string[]) => readonly string[];

/** How a layer's states are held, and their extents. */
export interface StateForm {
  readonly count: number;
  readonly perm: readonly number[];
  readonly extents: readonly Extent[];
}

/**
 * Steps one after the other, by Scan. A step that does not count leaves the states as they were.
 *
 * x: held with its steps first and the batch second.
 */
export function runScan(call: Call, step: Step, form: StateForm, { x, initial, backwards, mask }: Start): Run {
  const { g } = call;
  const states = form.extents.map((extent) => dimOf(g, extent));
  const given = initial.map((state) => call.arrange(state, form.perm).name);
  const begin = given.length > 0 ? given : Array.from({ length: form.count }, () => zeroState(call, form.extents));
  const counts = mask === undefined ? [] : [maskSteps(call, mask)];

  const body = g.inner(`${call.layer.name}/step`);
  const inner = new Call(call.lowering.within(body), call.layer, []);
  const stepDims = g.dims(x.name).slice(1);
  const before = begin.map(() => body.input(inner.nodeName("state"), "float32", states));
  const now = body.input(inner.nodeName("x"), "float32", stepDims);
  const counting = counts.map((value) => body.input(inner.nodeName("counts"), "bool", g.dims(value).slice(1)));
  const after = step(inner, now, before).map((state, i) =>
    counting.reduce((value, condition) => inner.op("Where", [condition, value, before[i]!]), state),
  );
  const type = (shape: readonly Dim[]): ValueType => ({ dtype: "float32", shape });
  for (const state of [...after, after[0]!]) body.output(state, inner.nodeName("next"), type(states));

  const scanned = 1 + counts.length;
  const attributes = {
    body: removeDeadNodes(body.build()),
    num_scan_inputs: scanned,
    ...(backwards && {
      scan_input_directions: Array.from({ length: scanned }, () => 1),
      scan_output_directions: [1],
    }),
  };
  const steps = g.dims(x.name)[0]!;
  const types = [...begin.map(() => type(states)), type([steps, ...states])];
  const options = { name: call.nodeName("Scan"), types };
  const outputs = g.ops("Scan", [...begin, x.name, ...counts], attributes, options, types.length);
  return {
    sequence: { name: outputs.at(-1)!, perm: [1, 0, ...form.perm.slice(1).map((axis) => axis + 1)] },
    states: outputs.slice(0, -1).map((name): Held => ({ name, perm: form.perm })),
  };
}

/** [batch, steps] as [steps, batch, 1], to choose between states of rank 2. */
const maskSteps = (call: Call, mask: string): string =>
  call.op("Unsqueeze", [call.op("Transpose", [mask], { perm: [1, 0] }), call.g.ints([2])]);
