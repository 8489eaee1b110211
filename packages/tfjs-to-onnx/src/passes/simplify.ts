import { type Graph, removeDeadNodes } from "@glyphcast/onnx";
import { dropIdentities } from "./drop-identities.ts";
import { foldInputScale } from "./fold-input-scale.ts";
import { foldIntoWeights } from "./fold-into-weights.ts";

/** In the order in which each finds what the one before it leaves. */
const SERVING: readonly ((graph: Graph) => Graph)[] = [
  removeDeadNodes,
  dropIdentities,
  foldIntoWeights,
  foldInputScale,
  removeDeadNodes,
];

/** A training graph keeps every operation, for there to be a gradient of it, and every weight as it is. */
const TRAINING: readonly ((graph: Graph) => Graph)[] = [removeDeadNodes, dropIdentities];

export const simplify = (graph: Graph, { training }: { readonly training: boolean }): Graph =>
  (training ? TRAINING : SERVING).reduce((result, pass) => pass(result), graph);
