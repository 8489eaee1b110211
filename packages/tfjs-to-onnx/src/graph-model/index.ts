export { type GraphModelOptions, graphFromGraphModel } from "./convert-graph.ts";
export { OpError, UnsupportedOpsError } from "./errors.ts";
export { isGraphModel } from "./graph-def.ts";
export type { OpCall, OpRule } from "./op-rule.ts";
