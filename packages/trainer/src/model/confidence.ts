import { float32, GraphBuilder, inferShapes, type Model, type Node } from "@glyphcast/onnx";
import type { Gaussians } from "./gaussians.ts";

/** How fast confidence falls with the squared distance: by its sixth power, beyond the reach. */
const STEEPNESS = 6;

/** The value that a served model's last dense layer reads, if it ends in one: [batch, features]. */
export function featuresOf(model: Model): string | undefined {
  const producers = new Map(model.graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const last = producers.get("logits");
  const dense: Node | undefined = last?.op === "Add" ? producers.get(last.inputs[0]!) : last;
  if (dense === undefined || !["Gemm", "MatMul"].includes(dense.op) || "transA" in dense.attributes) return undefined;
  const [features, weight] = dense.inputs as [string, string];
  const shape = inferShapes(model).graph.values.get(features)?.shape;
  const known = shape?.length === 2 && typeof shape[1] === "number" && model.graph.initializers.has(weight);
  return known ? features : undefined;
}

/** The model with an inner value among its outputs. */
export function withOutput(model: Model, value: string): Model {
  const type = inferShapes(model).graph.values.get(value);
  if (type === undefined) throw new Error(`bug: nothing is known of ${value}`);
  return { ...model, graph: { ...model.graph, outputs: [...model.graph.outputs, { name: value, ...type }] } };
}

/**
 * The model with a confidence that falls with the distance from all that it was trained on: the largest probability
 * times a familiarity of 1 / (1 + (distance² / reach)⁶), which is a half for the one training picture in a hundred
 * that lies furthest out, and nothing far beyond.
 */
export function withConfidence(model: Model, features: string, gaussians: Gaussians): Model {
  const { graph } = model;
  const g = new GraphBuilder(graph.name, model.opsets[""]);
  const rename = (name: string): string => (name === "confidence" ? "confidence/probability" : name);
  for (const { name, dtype, shape } of graph.inputs) g.input(name, dtype, shape!);
  for (const [name, tensor] of graph.initializers) g.initializer(name, tensor);
  for (const node of graph.nodes) g.append({ ...node, name: rename(node.name), outputs: node.outputs.map(rename) });

  const { directions, mean, basis, whitening, centres, variance, reach } = gaussians;
  const constant = (name: string, values: Float32Array, ...shape: number[]): string =>
    g.initializer(`confidence/${name}`, float32(shape, values));
  const op = (op: string, inputs: readonly string[], attributes: Node["attributes"] = {}): string =>
    g.op(op, inputs, attributes, { name: `confidence/${op}` });
  const perPicture = { axes: [1], keepdims: 0 };

  const centred = op("Sub", [features, constant("mean", mean, mean.length)]);
  const orthonormal = constant("basis", basis, mean.length, directions);
  const projected = op("MatMul", [centred, orthonormal]);
  const whitened = op("MatMul", [projected, constant("whitening", whitening, directions, directions)]);
  const off = op("Sub", [
    op("Unsqueeze", [whitened, g.ints([1])]),
    constant("centres", centres, centres.length / directions, directions),
  ]);
  const nearest = op("ReduceMin", [op("ReduceSumSquare", [off], { axes: [2], keepdims: 0 })], perPicture);
  // centred − projected · basisᵀ; a difference of squared lengths would leave the rounding of the longer one.
  const rest = op("Gemm", [projected, orthonormal, centred], { transB: 1, alpha: -1 });
  const beyond = op("ReduceSumSquare", [rest], perPicture);
  const distance = op("Add", [nearest, op("Mul", [beyond, g.floats(1 / variance)])]);
  // 1 / (1 + (d / r)ˢ) = sigmoid(−s · log(d / r))
  const exponent = op("Mul", [op("Log", [op("Mul", [distance, g.floats(1 / reach)])]), g.floats(-STEEPNESS)]);
  const familiarity = op("Sigmoid", [exponent]);
  g.op("Mul", [rename("confidence"), familiarity], {}, { name: "confidence", outputs: ["confidence"] });
  for (const { name, ...type } of graph.outputs) g.output(name, name, type);
  return { ...model, graph: g.build() };
}

/** The familiarity of a squared distance, as the graph has it. */
export const familiarity = (distance: number, reach: number): number => 1 / (1 + (distance / reach) ** STEEPNESS);
