import {
  type Dim,
  inferShapes,
  type Model,
  modelOf,
  type Node,
  removeDeadNodes,
  scopeOf,
  type Tensor,
  type ValueInfo,
} from "@glyphcast/onnx";
import { Emitter } from "./emitter.ts";
import { DynamicShapeError, NothingToTrainError, TrainError, UnknownShapeError, UnknownValueError } from "./errors.ts";
import type { Loss } from "./losses/loss.ts";
import type { Average } from "./optimisers/average.ts";
import type { Parameter, State, Transform } from "./optimisers/transform.ts";
import { poolFirst } from "./pool-first.ts";
import type { Noise } from "./rule.ts";
import { Tape } from "./tape.ts";

/** What a value of the step is for. An output that replaces the input `x` is named `x:next`. */
export interface StepValue {
  readonly name: string;
  readonly dtype: ValueInfo["dtype"];
  readonly shape: readonly number[];
  readonly role:
    | "data"
    | "label"
    | "parameter"
    | "state"
    | "learningRate"
    | "noise"
    | "loss"
    | "prediction"
    | "gradient";
  /** The initializer that a parameter, state or gradient belongs to. */
  readonly of?: string;
  /** How a noise input is drawn. */
  readonly draw?: Noise;
}

/** One step of training as a graph of ordinary operators, and what it starts from. */
export interface TrainStep {
  readonly model: Model;
  readonly inputs: readonly StepValue[];
  readonly outputs: readonly StepValue[];
  /** The first values of the parameters and states, by the names of their inputs. */
  readonly initial: ReadonlyMap<string, Tensor>;
  /** The graph that is trained, with its shapes bound. */
  readonly forward: Model;
}

export interface TrainStepOptions {
  readonly loss: Loss;
  readonly optimiser: Transform;
  /** The output that the loss reads; the first by default. */
  readonly prediction?: string;
  /** Extents of dynamic dimensions, such as `{ batch: 64 }`. */
  readonly dims?: Readonly<Record<string, number>>;
  /** Which float32 initializers to train; by default all but scalars, which are constants of formulas more often. */
  readonly trainable?: (name: string) => boolean;
  /** Keeps a running average of the parameters beside them. */
  readonly average?: Average;
  /** Adds one output per parameter with its gradient, named `x:gradient`. */
  readonly gradients?: boolean;
}

/**
 * Builds the training step of a forward graph: loss, gradients and the optimiser's update, appended as ordinary ONNX
 * operators. Parameters and optimiser state go in as inputs and come out as outputs.
 *
 * @throws DynamicShapeError, NothingToTrainError, UnknownValueError, NoGradientError
 */
export function buildTrainStep(model: Model, options: TrainStepOptions): TrainStep {
  const { loss, optimiser, average, gradients: withGradients = false } = options;
  const opsets = { ...model.opsets, "": opsetOf(model) };
  refuseOwnNames(model);
  const forward = bindDims(model, options.dims ?? {});
  const { graph } = forward;
  const prediction = options.prediction ?? graph.outputs[0]!.name;
  if (!graph.outputs.some(({ name }) => name === prediction))
    throw new UnknownValueError(
      "Prediction",
      prediction,
      graph.outputs.map(({ name }) => name),
    );

  const nodes = nodesUpTo(graph.nodes, prediction);
  const used = new Set(nodes.flatMap(({ inputs }) => inputs));
  const running = runningStatistics(nodes);
  const trainable = options.trainable ?? ((name) => graph.initializers.get(name)!.shape.length > 0);
  const parameters: Parameter[] = [];
  for (const [name, { dtype, shape }] of graph.initializers)
    if (dtype === "float32" && used.has(name) && !running.has(name) && trainable(name))
      parameters.push({ name, shape });

  const g = new Emitter(`${graph.name}-train-step`, opsets[""]);
  const inputs: StepValue[] = [];
  const outputs: StepValue[] = [];
  const initial = new Map<string, Tensor>();
  const addInput = (value: StepValue): string => {
    inputs.push(value);
    return g.input(value.name, value.dtype, value.shape);
  };
  const addOutput = (value: string, as: Omit<StepValue, "dtype" | "shape">): void => {
    g.output(value, as.name);
    outputs.push({ ...as, dtype: g.type(value).dtype, shape: g.shape(value) });
  };
  const addKept = (name: string, value: Tensor, role: "parameter" | "state", of?: string): string => {
    initial.set(name, value);
    return addInput({ name, dtype: value.dtype, shape: value.shape, role, ...(of !== undefined && { of }) });
  };

  const tape = new Tape(g, forward, (name, shape, draw) =>
    addInput({ name, dtype: "float32", shape, role: "noise", draw }),
  );
  for (const { name, dtype, shape } of graph.inputs)
    if (used.has(name) && !graph.initializers.has(name))
      tape.declare(name, addInput({ name, dtype, shape: shape as number[], role: "data" }));

  const trained = new Set(parameters.map(({ name }) => name));
  for (const [name, tensor] of graph.initializers) {
    if (!used.has(name)) continue;
    if (trained.has(name)) tape.declare(name, addKept(name, tensor, "parameter", name));
    else if (running.has(name)) tape.declare(name, addKept(name, tensor, "state", name));
    else tape.declare(name, g.initializer(name, tensor));
  }

  for (const node of nodes) tape.forward(node);
  const predicted = tape.plain(prediction);
  const { dtype } = g.type(predicted);
  if (dtype !== "float32")
    throw new TrainError(
      "PREDICTION_TYPE",
      `The prediction "${prediction}" is ${dtype}, and a loss reads float32.\n` +
        "  Name an output before it becomes that, such as the logits before an ArgMax.",
    );
  const label = addInput({ name: "labels", ...loss.labels(g.shape(predicted)), role: "label" });
  const learningRate = addInput({ name: "learningRate", dtype: "float32", shape: [], role: "learningRate" });
  const { value, gradient } = loss.emit(g, predicted, label);
  const gradients = tape.backward(prediction, gradient, trained);
  if (gradients.size === 0)
    throw new NothingToTrainError(
      trained.size === 0
        ? "No trainable parameter: every float32 initializer is frozen or unused.\n  Widen `trainable`."
        : `The loss does not depend on any of: ${[...trained].join(", ")}.`,
    );

  addOutput(value, { name: "loss", role: "loss" });
  addOutput(predicted, { name: "prediction", role: "prediction" });

  const reached = parameters.filter(({ name }) => gradients.has(name));
  const keep = (states: readonly State[]) => {
    for (const { name, initial: first, of } of states) addKept(name, first, "state", of);
  };
  keep(optimiser.init(reached));
  const site = {
    g,
    learningRate,
    parameters: new Map(reached.map(({ name }) => [name, name])),
    state: (name: string) => name,
    next: (name: string, next: string) => {
      const of = inputs.find((input) => input.name === name)?.of;
      addOutput(next, { name: `${name}:next`, role: "state", ...(of !== undefined && { of }) });
    },
  };
  const updates = optimiser.update(site, gradients);
  const stepped = new Map(Array.from(updates, ([name, update]) => [name, g.add(name, update)]));
  for (const [name, next] of stepped) addOutput(next, { name: `${name}:next`, role: "parameter", of: name });
  for (const [from, next] of running) addOutput(tape.plain(next), { name: `${from}:next`, role: "state", of: from });
  if (average) {
    keep(
      average.init(reached.map((parameter) => ({ ...parameter, initial: graph.initializers.get(parameter.name)! }))),
    );
    average.update(site, stepped);
  }
  if (withGradients)
    for (const [name, emitted] of gradients)
      addOutput(emitted, { name: `${name}:gradient`, role: "gradient", of: name });

  return {
    model: modelOf(removeDeadNodes(g.build()), { opsets, irVersion: Math.max(model.irVersion, 8) }),
    inputs,
    outputs,
    initial,
    forward,
  };
}

/** What rules are written in; from 13 on it reads older graphs as they were meant. */
const OPSET = 17;
const OLDEST_OPSET = 13;

function opsetOf({ opsets }: Model): number {
  const opset = opsets[""] ?? OPSET;
  if (opset < OLDEST_OPSET)
    throw new TrainError(
      "OPSET",
      `The graph is of opset ${opset}, and training needs ${OLDEST_OPSET} or newer.\n` +
        `  Export it anew, or convert it with onnx.version_converter.convert_version(model, ${OPSET}).`,
    );
  return Math.max(opset, OPSET);
}

/** Inputs and outputs of the step that belong to no value of the forward graph. */
const OWN_NAMES = ["labels", "learningRate", "loss", "prediction"];

function refuseOwnNames({ graph }: Model): void {
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
function bindDims(model: Model, dims: Readonly<Record<string, number>>): Model {
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
function nodesUpTo(nodes: readonly Node[], value: string): readonly Node[] {
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

/** From each running statistic of a batch normalisation in training mode to the value that replaces it. */
function runningStatistics(nodes: readonly Node[]): ReadonlyMap<string, string> {
  return new Map(
    nodes
      .filter(({ op, attributes }) => op === "BatchNormalization" && attributes.training_mode === 1)
      .flatMap(({ inputs, outputs }) =>
        [1, 2].flatMap((i) => (outputs[i] ? [[inputs[i + 2]!, outputs[i]!] as const] : [])),
      ),
  );
}
