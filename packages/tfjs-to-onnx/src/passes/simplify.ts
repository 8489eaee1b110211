import { dropIdentities, type Graph, type Model, removeDeadNodes } from "@glyphcast/onnx";
import { foldConstants } from "./fold-constants.ts";
import { foldInputScale } from "./fold-input-scale.ts";
import { foldIntoNext } from "./fold-into-next.ts";
import { foldIntoWeights } from "./fold-into-weights.ts";
import { foldPads } from "./fold-pads.ts";
import { fuseActivations } from "./fuse-activations.ts";
import { liftChannelFactors } from "./lift-channel-factors.ts";
import { mergeDuplicates } from "./merge-duplicates.ts";
import { mergeMoves } from "./merge-moves.ts";

/** What every pass may want to know of the model around the graph. */
export interface PassOptions {
  readonly opset: number;
}

type Pass = (graph: Graph, options: PassOptions) => Graph;

/** What a pass did: how many nodes of each operator there were more or fewer after it, and how long it took. */
export interface PassEffect {
  readonly pass: string;
  readonly nodes: Readonly<Record<string, number>>;
  readonly milliseconds: number;
}

/** In the order in which each finds what the one before it leaves. */
const SERVING: readonly (readonly [string, Pass])[] = [
  ["remove dead nodes", removeDeadNodes],
  ["fold constants", foldConstants],
  ["merge moves", mergeMoves],
  ["drop identities", dropIdentities],
  ["fuse activations", fuseActivations],
  ["remove dead nodes", removeDeadNodes],
  ["lift channel factors", liftChannelFactors],
  ["fold into weights", foldIntoWeights],
  ["fold pads", foldPads],
  ["fold input scale", foldInputScale],
  ["fold into next", foldIntoNext],
  ["merge duplicates", mergeDuplicates],
  ["remove dead nodes", removeDeadNodes],
];

/** A training graph keeps every weight as it is, under its own name. */
const TRAINING: readonly (readonly [string, Pass])[] = [
  ["remove dead nodes", removeDeadNodes],
  ["drop identities", dropIdentities],
  ["fold pads", foldPads],
  ["remove dead nodes", removeDeadNodes],
];

export interface SimplifyOptions extends Partial<PassOptions> {
  readonly training: boolean;
  readonly onPass?: (effect: PassEffect) => void;
}

/** Runs every pass; `onPass` is told first of the graph as it was. */
export function simplify(graph: Graph, { training, opset = 17, onPass }: SimplifyOptions): Graph {
  onPass?.({ pass: "as lowered", nodes: countOps(graph), milliseconds: 0 });
  return runPasses(graph, training ? TRAINING : SERVING, { opset }, onPass);
}

/** Settles what was appended to a model that is simple already. */
const TIDY: readonly (readonly [string, Pass])[] = [
  ["merge moves", mergeMoves],
  ["drop identities", dropIdentities],
  ["remove dead nodes", removeDeadNodes],
];

export const tidy = (model: Model, onPass?: SimplifyOptions["onPass"]): Model => ({
  ...model,
  graph: runPasses(model.graph, TIDY, { opset: model.opsets[""] ?? 17 }, onPass),
});

function runPasses(
  graph: Graph,
  passes: readonly (readonly [string, Pass])[],
  options: PassOptions,
  onPass: (effect: PassEffect) => void = () => {},
): Graph {
  return passes.reduce((before, [pass, run]) => {
    const began = performance.now();
    const after = run(before, options);
    const milliseconds = Math.round((performance.now() - began) * 10) / 10;
    onPass({ pass, nodes: differenceOf(countOps(before), countOps(after)), milliseconds });
    return after;
  }, graph);
}

/** How many nodes there are of each operator. */
export function countOps({ nodes }: Graph): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { op } of nodes) counts[op] = (counts[op] ?? 0) + 1;
  return counts;
}

function differenceOf(before: Record<string, number>, after: Record<string, number>): Record<string, number> {
  const ops = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const changes = ops.map((op): [string, number] => [op, (after[op] ?? 0) - (before[op] ?? 0)]);
  return Object.fromEntries(changes.filter(([, change]) => change !== 0));
}
