// What a forward graph has to be before its training step is built.
import {
  type Dim,
  describeNode,
  inferShapes,
  type Model,
  type Node,
  raiseOpset,
  scopeOf,
  type Tensor,
} from "@glyphcast/onnx";
import { DynamicShapeError, TrainError, UnknownShapeError, UnknownValueError } from "./errors.ts";
import { poolFirst } from "./pool-first.ts";

const OLDEST_OPSET = 7;

/** The graph in an operator set that rules are written in. @throws TrainError when its own is too old. */
export function raised(model: Model): Model {
  const opset = model.opsets[""] ?? OLDEST_OPSET;
  if (opset < OLDEST_OPSET)
    throw new TrainError(
      "OPSET",
      `The graph is of opset ${opset}, and training needs ${OLDEST_OPSET} or newer.\n  Export it anew.`,
    );
  return raiseOpset(model);
}

/** Inputs and outputs of the step that belong to no value of the forward graph. */
const OWN_NAMES = ["labels", "learningRate", "loss", "prediction"];

/** @throws TrainError when the graph has a value of such a name itself. */
export function refuseOwnNames({ graph }: Model): void {
  const kept = new Set([...graph.inputs.map(({ name }) => name), ...graph.initializers.keys()]);
  const taken = OWN_NAMES.find((name) => kept.has(name));
  if (taken !== undefined)
    throw new TrainError(
      "NAME_TAKEN",
      `The graph has an input or initializer "${taken}", which is what the step calls one of its own values.\n` +
        "  Rename it in the forward graph.",
    );
}

/** Replaces named dimensions by numbers. */
export function bindDims(model: Model, dims: Readonly<Record<string, number>>): Model {
  const { graph } = model;
  const named = new Set(graph.inputs.flatMap(({ shape = [] }) => shape.filter((dim) => typeof dim === "string")));
  for (const [name, extent] of Object.entries(dims)) {
    if (!named.has(name)) throw new UnknownValueError("Dimension", name, [...named]);
    if (!(Number.isInteger(extent) && extent > 0))
      throw new TrainError("BAD_OPTION", `The dimension "${name}" is ${extent}, expected a whole number above 0.`);
  }
  const bind = (value: string, dim: Dim): number => {
    if (typeof dim === "number") return dim;
    const extent = dims[dim];
    if (extent === undefined) throw new DynamicShapeError(value, dim);
    return extent;
  };
  const inputs = graph.inputs.map((input) => {
    if (!input.shape) throw new UnknownShapeError(input.name, undefined);
    return { ...input, shape: input.shape.map((dim) => bind(input.name, dim)) };
  });
  const bound = { ...model, graph: poolFirst({ ...graph, inputs, values: new Map() }) };
  const scope = scopeOf(bound.graph, model.opsets[""] ?? 17);
  const outputs = graph.outputs.map((output) => ({ ...output, ...scope.type(output.name) }));
  return inferShapes({ ...bound, graph: { ...bound.graph, outputs } });
}

/** The nodes that a value depends on, in order. */
export function nodesUpTo(nodes: readonly Node[], value: string): readonly Node[] {
  const needed = new Set([value]);
  return nodes
    .toReversed()
    .filter(({ inputs, outputs }) => {
      const wanted = outputs.some((output) => needed.has(output));
      if (wanted) for (const input of inputs) needed.add(input);
      return wanted;
    })
    .reverse();
}

/**
 * From each running statistic of a batch normalisation in training mode to the value that replaces it.
 *
 * @throws TrainError where it has no place of its own to be kept in.
 */
export function runningStatistics(
  nodes: readonly Node[],
  initializers: ReadonlyMap<string, Tensor>,
): ReadonlyMap<string, string> {
  const running = new Map<string, string>();
  for (const node of nodes) {
    if (node.op !== "BatchNormalization" || node.attributes.training_mode !== 1) continue;
    for (const output of [1, 2]) {
      const [from, next] = [node.inputs[output + 2]!, node.outputs[output]];
      if (!next) continue;
      if (!initializers.has(from) || running.has(from))
        throw new TrainError(
          "UNSUPPORTED",
          `${describeNode(node)}: its running statistic "${from}" is not an initializer of its own, and so cannot be carried on.\n` +
            "  Give each normalisation its own; exporters share those that are equal.",
        );
      running.set(from, next);
    }
  }
  return running;
}

/** Inputs that are floats but say how an operator works: they have no gradient. */
const SETTINGS: Readonly<Record<string, readonly number[]>> = {
  BatchNormalization: [3, 4],
  Dropout: [1],
  Resize: [1, 2],
};

/** What is read as a setting and as nothing else. */
export function settingsOf(nodes: readonly Node[]): ReadonlySet<string> {
  const [settings, others] = [new Set<string>(), new Set<string>()];
  for (const { op, inputs } of nodes)
    for (const [i, input] of inputs.entries()) (SETTINGS[op]?.includes(i) ? settings : others).add(input);
  return new Set([...settings].filter((input) => !others.has(input)));
}
