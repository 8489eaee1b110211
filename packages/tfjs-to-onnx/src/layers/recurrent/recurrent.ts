import type { Dim } from "@glyphcast/onnx";
import { Config, fieldOf, isObject } from "../../config.ts";
import type { Held } from "../../layout.ts";
import type { Layer } from "../../topology.ts";
import { Call, type LayerRule } from "../rule.ts";
import { CELLS } from "./cells.ts";
import { runConvLstm } from "./conv-lstm.ts";
import { hasOperator, runOperator } from "./operator.ts";
import { flip, type Run, type Start, stepsFirst } from "./run.ts";
import { runScan } from "./scan.ts";

/** The cell of each layer class that is made of one. */
const CELL_OF: ReadonlyMap<string, string> = new Map([
  ["GRU", "GRUCell"],
  ["LSTM", "LSTMCell"],
  ["SimpleRNN", "SimpleRNNCell"],
]);

/** The layers that walk along a sequence, which Bidirectional can wrap. */
export const isRecurrent = ({ className }: Layer): boolean =>
  CELL_OF.has(className) || className === "RNN" || className === "ConvLSTM2D";

/** Walks along a sequence; `layer` says how, and what its weights are called. */
export function run(call: Call, layer: Layer, start: Start): Run {
  const inner = new Call(call.lowering, layer, []);
  if (layer.className === "ConvLSTM2D") return runConvLstm(inner, start);
  if (start.x.perm.length !== 3)
    call.fail(`Its input has rank ${start.x.perm.length}, expected 3: [batch, steps, features].`);
  const cells = cellsOf(inner);
  const counts = cells.map(({ className }): number => CELLS.get(className)!.states);
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (start.initial.length !== 0 && start.initial.length !== total)
    call.fail(`It is given ${start.initial.length} initial states, expected ${total}.`);
  let { x } = start;
  const states: (readonly Held[])[] = [];
  // TF.js lists the states of the last cell first.
  let end = start.initial.length;
  for (const [i, cell] of cells.entries()) {
    const initial = start.initial.slice(Math.max(end - counts[i]!, 0), end);
    end -= initial.length;
    const ran = runCell(new Call(call.lowering, cell, []), { ...start, x, initial });
    states.unshift(ran.states);
    x = ran.sequence;
  }
  return { sequence: x, states: states.flat() };
}

function runCell(call: Call, start: Start): Run {
  const { config } = call;
  const cell = CELLS.get(call.layer.className)!;
  if (call.training && ["dropout", "recurrent_dropout"].some((key) => config.number(key, 0) > 0))
    config.unsupported("dropout", "A training graph drops nothing inside of recurrent layers.");
  if (hasOperator(call, cell, start)) return runOperator(call, cell, start);
  if (call.training) call.fail("A training graph needs an operator of ONNX for it: other activations, and no mask.");
  const x = call.arrange(start.x.blocks ? call.plain(start.x) : start.x, stepsFirst(3));
  const extents = [{ of: x.name, axis: 1 }, config.count("units")];
  const form = { count: cell.states, perm: [0, 1], extents };
  return runScan(call, (step, now, before) => cell.step(step, now, before), form, { ...start, x });
}

/** The cells that stand on each other, as layers under the names that their weights have. */
function cellsOf({ layer, config }: Call): readonly Layer[] {
  const cell = CELL_OF.get(layer.className);
  if (cell !== undefined) return [{ ...layer, className: cell }];
  return readCell(
    config,
    config.raw("cell") ?? { class_name: "StackedRNNCells", config: { cells: config.raw("cells") } },
    layer.name,
    0,
  );
}

/** Deeper nesting than any real stack has. */
const MAX_NESTING = 16;

function readCell(around: Config, cell: unknown, name: string, depth: number): readonly Layer[] {
  const record = isObject(cell) ? cell : {};
  const className = fieldOf(record, "class_name");
  const inner = fieldOf(record, "config");
  if (className === "StackedRNNCells" && depth < MAX_NESTING) {
    const cells = isObject(inner) ? fieldOf(inner, "cells") : undefined;
    if (!Array.isArray(cells) || cells.length === 0) return around.fail("Its StackedRNNCells has no cells.");
    return cells.flatMap((item, i) => readCell(around, item, `${name}/RNNCell_${i}`, depth + 1));
  }
  if (typeof className !== "string" || !CELLS.has(className) || !isObject(inner))
    return around.unsupported("cell", `These are: ${[...CELLS.keys()].join(", ")}, StackedRNNCells.`);
  return [{ className, name, config: new Config(`${className} "${name}"`, inner), calls: [], keywords: [] }];
}

/** What the file may ask for that there is no conversion of. */
export function refuseOptions({ config }: Call): void {
  if (config.flag("stateful", false))
    config.unsupported("stateful", "A graph keeps nothing between calls; use return_state and initial states instead.");
  if (config.flag("time_major", false)) config.unsupported("time_major", "TF.js ignores it; transpose with Permute.");
  if (config.flag("zero_output_for_mask", false))
    config.unsupported("zero_output_for_mask", "TF.js ignores it and repeats the output of the step before.");
  if (config.raw("num_constants") !== undefined && config.raw("num_constants") !== 0)
    config.unsupported("num_constants", "TF.js does not support constants.");
}

/** The input, the initial states and the mask of a call. */
export function startOf(call: Call, backwards: boolean): Start {
  const [x, ...initial] = call.inputs;
  if (!x) return call.fail("It reads nothing.");
  const { passed } = call.lowering;
  if (initial.length === 0 && passed.statesOf !== undefined)
    call.fail(`TF.js would begin with the initial states of "${passed.statesOf}", since the model has masks.`);
  if (initial.length > 0 && passed.masked) call.lowering.passed = { ...passed, statesOf: call.layer.name };
  return { x: x.blocks ? call.plain(x) : x, initial, backwards, mask: maskOf(call, x) };
}

/** The mask that TF.js applies: the layer's own, or one that it hands on from an earlier layer. */
function maskOf(call: Call, x: Held): string | undefined {
  const { mask } = call.lowering.passed;
  if (mask === undefined) return undefined;
  if (mask === null) return call.fail("Its mask has another shape in TF.js than [batch, steps], and fails there.");
  const [dims, expected] = [call.g.dims(mask), call.dims(x).slice(0, 2)];
  const differ = (a: Dim, b: Dim | undefined): boolean => typeof a === "number" && typeof b === "number" && a !== b;
  const fits = dims.length === 2 && !dims.some((dim, i) => differ(dim, expected[i]));
  return fits
    ? mask
    : call.fail(
        `TF.js applies a mask [${dims.join(", ")}] of an earlier layer to its input [${expected.join(", ")}, …].`,
      );
}

const recurrent = (becomes: string, notes = ""): LayerRule => ({
  becomes,
  ...(notes && { notes }),
  lower: (call) => {
    refuseOptions(call);
    const { config } = call;
    const backwards = config.flag("go_backwards", false);
    const { sequence, states } = run(call, call.layer, startOf(call, backwards));
    const sequences = config.flag("return_sequences", false);
    const output = !sequences ? states[0]! : backwards ? flip(call, sequence) : sequence;
    const outputs = config.flag("return_state", false) ? [output, ...states] : [output];
    return outputs.map((x) => ({ ...x, mask: sequences ? call.masks[0] : undefined }));
  },
});

const limits = "stateful is not supported";

export const RECURRENTS: Readonly<Record<string, LayerRule>> = {
  ConvLSTM2D: recurrent("Scan of Conv", `${limits}; no masks, as in TF.js`),
  GRU: recurrent("GRU; Scan where a mask or an activation asks for it", limits),
  LSTM: recurrent("LSTM; Scan where a mask or an activation asks for it", limits),
  RNN: recurrent(
    "what its cells become: LSTM, GRU, RNN or Scan",
    `${limits}; cells: ${[...CELLS.keys()].join(", ")}, StackedRNNCells`,
  ),
  SimpleRNN: recurrent("RNN; Scan where a mask or an activation asks for it", limits),
};
