import { type Graph, removeDeadNodes } from "@glyphcast/onnx";
import { dropIdentities } from "./drop-identities.ts";
import { foldInputScale } from "./fold-input-scale.ts";
import { foldIntoWeights } from "./fold-into-weights.ts";
import { foldPads } from "./fold-pads.ts";

/** In the order in which each finds what the one before it leaves. */
const SERVING: readonly ((graph: Graph) => Graph)[] = [
  removeDeadNodes,
  dropIdentities,
  foldIntoWeights,
  foldPads,
  foldInputScale,
  removeDeadNodes,
];

/** A training graph keeps every weight as it is, under its own name. */
const TRAINING: readonly ((graph: Graph) => Graph)[] = [removeDeadNodes, dropIdentities, foldPads, removeDeadNodes];

export const simplify = (graph: Graph, { training }: { readonly training: boolean }): Graph =>
  (training ? TRAINING : SERVING).reduce((result, pass) => pass(result), graph);
