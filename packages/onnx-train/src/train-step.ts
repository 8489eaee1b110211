import {
  dropIdentities,
  type Graph,
  type Model,
  modelOf,
  removeDeadNodes,
  type Tensor,
  type ValueInfo,
} from "@glyphcast/onnx";
import { Emitter } from "./emitter.ts";
import { NothingToTrainError, TrainError, UnknownValueError } from "./errors.ts";
import { bindDims, nodesUpTo, raised, refuseOwnNames, runningStatistics, settingsOf } from "./forward-graph.ts";
import type { Loss } from "./losses/loss.ts";
import type { Average } from "./optimisers/average.ts";
import type { Parameter, State, Transform } from "./optimisers/transform.ts";
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
  /** Of labels that are class ids: how many classes there are. */
  readonly classes?: number;
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
  refuseOwnNames(model);
  const forward = bindDims(raised(model), options.dims ?? {});
  const { graph, opsets, irVersion } = forward;
  const prediction = options.prediction ?? graph.outputs[0]!.name;
  if (!graph.outputs.some(({ name }) => name === prediction))
    throw new UnknownValueError(
      "Prediction",
      prediction,
      graph.outputs.map(({ name }) => name),
    );

  const nodes = nodesUpTo(graph.nodes, prediction);
  const used = new Set(nodes.flatMap(({ inputs }) => inputs));
  const running = runningStatistics(nodes, graph.initializers);
  const settings = settingsOf(nodes);
  const trainable = options.trainable ?? ((name) => graph.initializers.get(name)!.shape.length > 0);
  const parameters: Parameter[] = [];
  for (const [name, { dtype, shape }] of model.graph.initializers)
    if (dtype === "float32" && used.has(name) && !running.has(name) && !settings.has(name) && trainable(name))
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

  // What no gradient reached stays as it is: a constant of the step rather than a parameter.
  const fixed = new Map(
    parameters.filter(({ name }) => !gradients.has(name)).map(({ name }) => [name, graph.initializers.get(name)!]),
  );
  for (const name of fixed.keys()) initial.delete(name);
  const built = withConstants(g.build(), fixed);
  return {
    model: modelOf(dropIdentities(removeDeadNodes(built)), { opsets, irVersion }),
    inputs: inputs.filter(({ name }) => !fixed.has(name)),
    outputs,
    initial,
    forward,
  };
}

/** A graph with constants in the place of some inputs. */
const withConstants = (graph: Graph, constants: ReadonlyMap<string, Tensor>): Graph => ({
  ...graph,
  inputs: graph.inputs.filter(({ name }) => !constants.has(name)),
  initializers: new Map([...graph.initializers, ...constants]),
});
