import { GraphError } from "../errors.ts";
import { type Attributes, describeNode, type Model, type Node, type ValueType } from "../graph.ts";
import { scopeOfModel } from "../shape/infer.ts";
import { float32, int64, type Tensor } from "../tensor.ts";

/** The oldest operator set that is read. */
const OLDEST = 7;

/** What a rule has at hand to write a node anew. */
interface Site {
  readonly node: Node;
  readonly opset: number;
  type(value: string): ValueType | undefined;
  /** A new initializer; its name. */
  constant(stem: string, tensor: Tensor): string;
  /** A new value's name. */
  fresh(stem: string): string;
}

/** The nodes that do in the newer operator set what the node did in its own. */
type Raise = (site: Site) => readonly Node[];

const numbers = (value: unknown): readonly number[] => (typeof value === "number" ? [value] : (value as number[]));

const without = (attributes: Attributes, ...names: readonly string[]): Attributes =>
  Object.fromEntries(Object.entries(attributes).filter(([name]) => !names.includes(name)));

/** Attributes that became inputs, behind the first input and in this order; one that is absent stays out. */
const inputsOf =
  (...moved: readonly (readonly [name: string, make: (values: readonly number[]) => Tensor])[]): Raise =>
  ({ node, constant }) => {
    const added = moved.map(([name, make]) =>
      name in node.attributes ? constant(name, make(numbers(node.attributes[name]))) : "",
    );
    while (added.at(-1) === "") added.pop();
    const attributes = without(node.attributes, ...moved.map(([name]) => name));
    return [{ ...node, inputs: [node.inputs[0]!, ...added], attributes }];
  };

const vector = (values: readonly number[]): Tensor => int64([values.length], values);
const scalar = ([value = 0]: readonly number[]): Tensor => float32([], [value]);

const axesInput = inputsOf(["axes", vector]);

/** Softmax and its kin took everything from `axis` on as one axis, by default from the second. */
const flattening: Raise = ({ node, type, fresh, constant }) => {
  const shape = type(node.inputs[0]!)?.shape;
  const { axis = 1 } = node.attributes as { axis?: number };
  const last = shape && (axis === -1 || axis === shape.length - 1);
  if (last) return [{ ...node, attributes: { ...node.attributes, axis: -1 } }];
  const [flat, result, extents] = ["flat", "result", "shape"].map(fresh) as [string, string, string];
  const plain = { domain: "", attributes: {} };
  return [
    {
      ...plain,
      op: "Flatten",
      name: fresh("Flatten"),
      inputs: [node.inputs[0]!],
      outputs: [flat],
      attributes: { axis },
    },
    { ...node, inputs: [flat], outputs: [result], attributes: { ...node.attributes, axis: -1 } },
    // The batch may be open, so the shape is read where the node runs.
    shape?.every((dim) => typeof dim === "number")
      ? {
          ...plain,
          op: "Identity",
          name: fresh("Shape"),
          inputs: [constant("shape", vector(shape as number[]))],
          outputs: [extents],
        }
      : { ...plain, op: "Shape", name: fresh("Shape"), inputs: [node.inputs[0]!], outputs: [extents] },
    { ...plain, op: "Reshape", name: fresh("Reshape"), inputs: [result, extents], outputs: node.outputs },
  ];
};

/** Both sampled at ⌊i/scale⌋, and linearly between such places. */
const resize: Raise = ({ node, constant }) => {
  const { mode = "nearest", scales } = node.attributes as { mode?: string; scales?: readonly number[] };
  const factors = scales ? constant("scales", float32([scales.length], scales)) : node.inputs[1]!;
  const attributes = { mode, coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" };
  return [{ ...node, op: "Resize", inputs: [node.inputs[0]!, "", factors], attributes }];
};

/** Only what is computed for inference; statistics and masks beside it were of training. */
const firstOutput = (node: Node): readonly string[] => node.outputs.slice(0, 1);

/** By operator: the operator set that changed it, and how it is written there. */
const RAISED: Readonly<Record<string, readonly [since: number, raise: Raise]>> = {
  BatchNormalization: [
    9,
    ({ node }) => {
      if (node.attributes.spatial === 0)
        throw new GraphError(
          node.outputs[0]!,
          `${describeNode(node)} has spatial 0, which newer operator sets do not know.`,
        );
      return [{ ...node, outputs: firstOutput(node), attributes: without(node.attributes, "spatial") }];
    },
  ],
  Clip: [11, inputsOf(["min", scalar], ["max", scalar])],
  Dropout: [12, ({ node }) => [{ ...node, outputs: firstOutput(node), attributes: without(node.attributes, "ratio") }]],
  Hardmax: [13, flattening],
  LogSoftmax: [13, flattening],
  Pad: [11, inputsOf(["pads", vector], ["value", scalar])],
  ReduceSum: [13, axesInput],
  Resize: [11, resize],
  Scatter: [11, ({ node }) => [{ ...node, op: "ScatterElements" }]],
  Slice: [10, inputsOf(["starts", vector], ["ends", vector], ["axes", vector])],
  Softmax: [13, flattening],
  Split: [13, inputsOf(["split", vector])],
  Squeeze: [13, axesInput],
  TopK: [10, inputsOf(["k", vector])],
  Unsqueeze: [13, axesInput],
  Upsample: [10, resize],
};

/**
 * A model of opset 7 to 16 in the terms of opset 17, for inference: nodes whose operators changed are written anew. A
 * newer model stays as it is. Initializers that had to be inputs, before IR version 4, are so no longer.
 *
 * @throws GraphError for an older model, and for a node that the newer operator set cannot express.
 */
export function raiseOpset(model: Model): Model {
  const opset = model.opsets[""] ?? 17;
  if (opset >= 17) return model;
  if (opset < OLDEST) throw new GraphError("", `The model is of opset ${opset}; ${OLDEST} is the oldest that is read.`);
  const { graph, irVersion } = model;
  const scope = scopeOfModel(model);
  const initializers = new Map(graph.initializers);
  const taken = new Set([...graph.inputs.map(({ name }) => name), ...initializers.keys()]);
  for (const { name, outputs } of graph.nodes) for (const one of [name, ...outputs]) taken.add(one);
  const nodes = graph.nodes.flatMap((node) => {
    const [since, raise] = (node.domain === "" && Object.hasOwn(RAISED, node.op) && RAISED[node.op]) || [0, undefined];
    if (!raise || opset >= since) return [node];
    const fresh = (stem: string): string => {
      const base = `${node.name || node.outputs[0]}/${stem}`;
      let name = base;
      for (let i = 1; taken.has(name); i++) name = `${base}_${i}`;
      taken.add(name);
      return name;
    };
    const constant = (stem: string, tensor: Tensor): string => {
      const name = fresh(stem);
      initializers.set(name, tensor);
      return name;
    };
    return raise({ node, opset, type: (value) => scope.type(value), constant, fresh });
  });
  const inputs = irVersion < 4 ? graph.inputs.filter(({ name }) => !graph.initializers.has(name)) : graph.inputs;
  return {
    ...model,
    irVersion: Math.max(irVersion, 8),
    opsets: { ...model.opsets, "": 17 },
    graph: { ...graph, inputs, initializers, nodes },
  };
}
