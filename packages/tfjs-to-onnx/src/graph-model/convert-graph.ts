import { GraphBuilder, modelOf, OnnxError, type Tensor } from "@glyphcast/onnx";
import type { Conversion, ConvertOptions, NamedWeights } from "../convert.ts";
import { metadataOf } from "../metadata.ts";
import { DEFAULT_OPSET, irVersionOf } from "../opset.ts";
import type { Origin } from "../origin.ts";
import { simplify } from "../passes/simplify.ts";
import { VERSION } from "../version.ts";
import { bindCaptures } from "./bind-captures.ts";
import { declareGraphInputs, declareGraphOutputs, reserveOutputNames } from "./boundary.ts";
import { OpError, UnsupportedOpsError } from "./errors.ts";
import { type GraphDef, type OpNode, readGraphModel } from "./graph-def.ts";
import { GraphLowering } from "./graph-lowering.ts";
import { lowerGraph } from "./lower-graph.ts";
import type { OpRule } from "./op-rule.ts";
import { REFUSED } from "./ops/refused.ts";
import { OPS } from "./ops/rules.ts";
import { nodesInOrder } from "./order.ts";
import { structure } from "./structure.ts";

export interface GraphModelOptions extends Omit<ConvertOptions, "training"> {
  /** Which of several signatures to take. */
  readonly signature?: string;
  /** How further ops are lowered; a rule here goes before one of this package. */
  readonly ops?: Readonly<Record<string, OpRule>>;
}

/**
 * Converts a TF.js GraphModel.
 *
 * `modelJson` is what `model.json` holds; `weights` are keyed as in the weights manifest.
 * @throws TfjsError
 */
export function graphFromGraphModel(
  modelJson: unknown,
  weights: ReadonlyMap<string, Tensor> | NamedWeights,
  options: GraphModelOptions = {},
): Conversion {
  const { ops = {}, name = "model", opset = DEFAULT_OPSET } = options;
  const file = readGraphModel(modelJson, options.signature);
  const ruleOf = (op: string): OpRule | undefined => (Object.hasOwn(ops, op) ? ops[op] : OPS.get(op));
  const functions = new Map(file.functions);
  const main = withPlaceholders(structure(file.graph, functions));
  refuseUnknownOps(main, functions, ruleOf);
  const irVersion = irVersionOf(opset);
  const g = new GraphBuilder(name, opset);
  const named = weights instanceof Map ? weights : new Map(Object.entries(weights as NamedWeights));
  const lowering = new GraphLowering(g, { weights: named, functions, ruleOf });
  try {
    const args = declareGraphInputs(lowering, main, options);
    const names = reserveOutputNames(lowering, main, options);
    declareGraphOutputs(lowering, names, lowerGraph(lowering, main, args), options);
    const graph = bindCaptures(simplify(g.build(), { ...options, opset, training: false }));
    const kept = ({ initializer }: Origin): boolean =>
      graph.initializers.has(initializer) && graph.initializers.get(initializer) === g.constant(initializer);
    const metadata = metadataOf({ format: "tfjs-graph-model", writer: file.writer }, options);
    const versions = { irVersion, opsets: { "": opset } };
    const fields = { ...versions, producerName: "tfjs-to-onnx", producerVersion: VERSION, metadata };
    return { model: modelOf(graph, fields), origins: lowering.origins.filter(kept) };
  } catch (error) {
    if (!(error instanceof OnnxError)) throw error;
    throw new OpError(`Model "${name}"`, `Its ops do not fit together: ${error.message}`, { cause: error });
  }
}

/** The graph with every placeholder as an input that its outputs need, though the signature may have forgotten it. */
function withPlaceholders(graph: GraphDef): GraphDef {
  const forgotten = nodesInOrder(graph).filter(({ op }) => op === "Placeholder");
  const ports = forgotten.map(({ name }) => ({ name, from: { node: name, index: 0 } }));
  return { ...graph, inputs: [...graph.inputs, ...ports] };
}

/** Looks through the graph and the functions that it calls. */
function refuseUnknownOps(
  main: GraphDef,
  functions: Map<string, GraphDef>,
  ruleOf: (op: string) => OpRule | undefined,
): void {
  const unknown = new Map<string, OpNode>();
  const seen = new Set<string>();
  const open = [main];
  for (let graph = open.pop(); graph; graph = open.pop())
    for (const node of nodesInOrder(graph)) {
      if (!ruleOf(node.op)) unknown.set(node.name, node);
      for (const name of node.attributes.functions()) {
        const called = functions.get(name);
        if (called && !seen.has(name)) open.push(structure(called, functions));
        seen.add(name);
      }
    }
  if (unknown.size === 0) return;
  throw new UnsupportedOpsError(
    [...unknown.values()].map(({ op, name }) => ({ op, name })),
    (op) => REFUSED.get(op),
  );
}
