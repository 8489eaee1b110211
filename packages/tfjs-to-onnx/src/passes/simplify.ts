import type { Graph } from "@glyphcast/onnx";
import { dropIdentities } from "./drop-identities.ts";
import { dropUnused } from "./drop-unused.ts";

/** All passes, in the order in which each finds what the one before it leaves. */
export const simplify = (graph: Graph): Graph => dropIdentities(dropUnused(graph));
