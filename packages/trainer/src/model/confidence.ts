import { float32, GraphBuilder, type Model, type Node } from "@glyphcast/onnx";
import type { Gaussians } from "./gaussians.ts";

/** How fast confidence falls with the squared distance: by its sixth power, beyond the reach. */
const STEEPNESS = 6;

/** What the features are called that `exposingFeatures` makes an output. */
export const FEATURES = "confidence/features";

/**
 * The model with one more output, [batch, features]: what each of its layers reads, of a picture's channels the means.
 * Undefined where there is no such layer.
 *
 * @see Lee et al. 2018, "A Simple Unified Framework for Detecting Out-of-Distribution Samples", §2.2
 */
export function exposingFeatures(model: Model): Model | undefined {
  const g = builderOf(model);
  const features = appendFeatures(g, model);
  if (features === undefined) return undefined;
  for (const { name, ...type } of model.graph.outputs) g.output(name, name, type);
  g.output(features);
  return { ...model, graph: g.build() };
}

/**
 * The served model with a confidence that falls with the distance from all that it was trained on: the largest
 * probability times a familiarity of 1 / (1 + (distance² / reach)⁶), which is a half where one training picture in a
 * hundred lies further out, and nothing far beyond.
 */
export function withConfidence(model: Model, gaussians: Gaussians): Model {
  const rename = (name: string): string => (name === "confidence" ? "confidence/probability" : name);
  const g = builderOf(model, rename);
  const features = appendFeatures(g, model);
  if (features === undefined) throw new Error("bug: the model has no features");

  const { directions, mean, scale, basis, whitening, centres, variance, reach } = gaussians;
  const constant = (name: string, values: Float32Array, ...shape: number[]): string =>
    g.initializer(`confidence/${name}`, float32(shape, values));
  const op = (op: string, inputs: readonly string[], attributes: Node["attributes"] = {}): string =>
    g.op(op, inputs, attributes, { name: `confidence/${op}` });
  const perPicture = { axes: [1], keepdims: 0 };

  const centred = op("Sub", [features, constant("mean", mean, mean.length)]);
  const scaled = op("Mul", [centred, constant("scale", scale, scale.length)]);
  const orthonormal = constant("basis", basis, mean.length, directions);
  const projected = op("MatMul", [scaled, orthonormal]);
  const whitened = op("MatMul", [projected, constant("whitening", whitening, directions, directions)]);
  const off = op("Sub", [
    op("Unsqueeze", [whitened, g.ints([1])]),
    constant("centres", centres, centres.length / directions, directions),
  ]);
  const nearest = op("ReduceMin", [op("ReduceSumSquare", [off], { axes: [2], keepdims: 0 })], perPicture);
  // scaled − projected · basisᵀ; a difference of squared lengths would leave the rounding of the longer one.
  const rest = op("Gemm", [projected, orthonormal, scaled], { transB: 1, alpha: -1 });
  const beyond = op("ReduceSumSquare", [rest], perPicture);
  const distance = op("Add", [nearest, op("Mul", [beyond, g.floats(1 / variance)])]);
  // 1 / (1 + (d / r)ˢ) = sigmoid(−s · log(d / r))
  const exponent = op("Mul", [op("Log", [op("Mul", [distance, g.floats(1 / reach)])]), g.floats(-STEEPNESS)]);
  const familiarity = op("Sigmoid", [exponent]);
  g.op("Mul", [rename("confidence"), familiarity], {}, { name: "confidence", outputs: ["confidence"] });
  for (const { name, ...type } of model.graph.outputs) g.output(name, name, type);
  return { ...model, graph: g.build() };
}

/** The familiarity of a squared distance, as the graph has it. */
export const familiarity = (distance: number, reach: number): number => 1 / (1 + (distance / reach) ** STEEPNESS);

/** A builder that has all of the model but its outputs. */
function builderOf({ graph, opsets }: Model, rename = (name: string): string => name): GraphBuilder {
  const g = new GraphBuilder(graph.name, opsets[""]);
  for (const { name, dtype, shape } of graph.inputs) g.input(name, dtype, shape!);
  for (const [name, tensor] of graph.initializers) g.initializer(name, tensor);
  for (const node of graph.nodes) g.append({ ...node, name: rename(node.name), outputs: node.outputs.map(rename) });
  return g;
}

const LAYERS: ReadonlySet<string> = new Set(["Conv", "Gemm", "MatMul"]);

/** A row of more numbers is no summary of a picture. */
const WIDEST_ROW = 1024;

function appendFeatures(g: GraphBuilder, { graph }: Model): string | undefined {
  const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const rankOf = (value: string): number => g.dims(value).length;
  /** Maps that were laid out in a row, and perhaps put beside others, are taken as they were before. */
  const before = (value: string): readonly string[] => {
    const { op = "", inputs = [] } = producers.get(value) ?? {};
    if ((op === "Flatten" || op === "Reshape") && rankOf(value) === 2 && rankOf(inputs[0]!) === 4) return [inputs[0]!];
    return op === "Concat" && rankOf(value) === 2 ? inputs.flatMap(before) : [value];
  };
  /** Of what reads a picture several times, moved a little, the first says it all. */
  const isFirst = ({ inputs: [, weights] }: Node, i: number, nodes: readonly Node[]): boolean =>
    nodes.findIndex(({ inputs }) => inputs[1] === weights) === i;
  const read = graph.nodes
    .filter(({ op, inputs }) => LAYERS.has(op) && graph.initializers.has(inputs[1]!))
    .filter(isFirst)
    .flatMap(({ inputs: [value] }) => before(value!));
  const parts = [...new Set(read)].flatMap((value) => {
    const { dtype, shape } = g.type(value);
    const size = shape?.[1];
    if (dtype !== "float32" || typeof size !== "number") return [];
    if (shape!.length === 2) return size <= WIDEST_ROW ? [value] : [];
    if (shape!.length !== 4) return [];
    const name = `confidence/of/${value}`;
    const means = g.op("GlobalAveragePool", [value], {}, { name });
    return [g.op("Flatten", [means], { axis: 1 }, { name: `${name}/row` })];
  });
  if (parts.length < 2) return parts[0] && g.op("Identity", parts, {}, { outputs: [FEATURES] });
  return g.op("Concat", parts, { axis: 1 }, { name: FEATURES, outputs: [FEATURES] });
}
