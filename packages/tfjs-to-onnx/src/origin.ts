import type { Tensor } from "@glyphcast/onnx";
import { WeightError } from "./errors.ts";
import { equal, forEachOffset, inverse, stridesOf } from "./layout.ts";
import type { Weight } from "./stored-weight.ts";

/** One step from TF.js's layout of a weight to ONNX's. Each can be undone. */
export type Relayout =
  | { readonly kind: "transpose"; readonly perm: readonly number[] }
  | { readonly kind: "reshape"; readonly shape: readonly number[] }
  /** Row `i` becomes what was row `order[i]`. */
  | { readonly kind: "rows"; readonly order: Int32Array };

/** Which TF.js weight an initializer holds, and in which layout. */
export interface Origin {
  readonly initializer: string;
  /** As in the weights manifest and in `model.getNamedWeights()`. */
  readonly weight: string;
  /** False for running statistics and for the weights of frozen layers. */
  readonly trainable: boolean;
  /** TF.js's. */
  readonly shape: readonly number[];
  readonly steps: readonly Relayout[];
  /** In a training graph, the output that holds a running statistic after the step. */
  readonly next?: string;
}

/**
 * The LayersModel's own weights, from the values that its ONNX initializers have now (after training, say).
 *
 * `parameters` is keyed by initializer; those of `origins` that it leaves out are left out of the result.
 * @throws WeightError when a parameter has another shape than its initializer.
 */
export function weightsFromParameters(
  origins: readonly Origin[],
  parameters: ReadonlyMap<string, Tensor>,
): Map<string, Tensor> {
  const weights = new Map<string, Tensor>();
  for (const origin of origins) {
    const parameter = parameters.get(origin.initializer);
    if (parameter) weights.set(origin.weight, toTfjs(parameter, origin));
  }
  return weights;
}

/** Takes a weight from TF.js's layout to ONNX's. */
export const toOnnx = (weight: Tensor, steps: readonly Relayout[]): Tensor =>
  steps.reduce((tensor, step) => apply(tensor, step), weight);

function toTfjs(parameter: Tensor, { initializer, weight, shape, steps }: Origin): Tensor {
  const shapes = [shape];
  for (const step of steps) shapes.push(shapeAfter(shapes.at(-1)!, step));
  const expected = shapes.at(-1)!;
  if (!equal(parameter.shape, expected))
    throw new WeightError(
      weight,
      `Parameter "${initializer}" has shape [${parameter.shape.join(", ")}], expected [${expected.join(", ")}].`,
    );
  return steps.reduceRight((tensor, step, i) => undo(tensor, step, shapes[i]!), parameter);
}

function shapeAfter(shape: readonly number[], step: Relayout): readonly number[] {
  if (step.kind === "transpose") return step.perm.map((axis) => shape[axis]!);
  return step.kind === "reshape" ? step.shape : shape;
}

function apply(tensor: Tensor, step: Relayout): Tensor {
  switch (step.kind) {
    case "transpose":
      return transpose(tensor, step.perm);
    case "reshape":
      return { ...tensor, shape: step.shape };
    case "rows":
      return moveRows(tensor, step.order, (from, to) => [from, to]);
  }
}

function undo(tensor: Tensor, step: Relayout, before: readonly number[]): Tensor {
  switch (step.kind) {
    case "transpose":
      return transpose(tensor, inverse(step.perm));
    case "reshape":
      return { ...tensor, shape: before };
    case "rows":
      return moveRows(tensor, step.order, (from, to) => [to, from]);
  }
}

/** Any array of numbers: what a step does with elements does not depend on their type. */
type Elements = Float32Array;

/** A tensor whose elements are moved, and its codes along with them where it is quantised. */
function moved(tensor: Weight, shape: readonly number[], move: (source: Elements, target: Elements) => void): Tensor {
  const relaid = <T>(source: T): T => {
    const target = new (source as { constructor: new (size: number) => Elements }).constructor(tensor.data.length);
    move(source as Elements, target);
    return target as T;
  };
  const { dtype, data, stored } = tensor;
  return {
    dtype,
    shape,
    data: relaid(data),
    ...(stored && { stored: { ...stored, data: relaid(stored.data) } }),
  } as Tensor;
}

function transpose(tensor: Tensor, perm: readonly number[]): Tensor {
  const strides = stridesOf(tensor.shape);
  const shape = perm.map((axis) => tensor.shape[axis]!);
  const steps = perm.map((axis) => strides[axis]!);
  return moved(tensor, shape, (source, target) =>
    forEachOffset(shape, steps, (offset, i) => {
      target[i] = source[offset]!;
    }),
  );
}

function moveRows(tensor: Tensor, order: Int32Array, way: (from: number, to: number) => [number, number]): Tensor {
  const width = tensor.data.length / order.length;
  return moved(tensor, tensor.shape, (source, target) => {
    for (const [to, from] of order.entries()) {
      const [read, write] = way(from, to);
      target.set(source.subarray(read * width, (read + 1) * width), write * width);
    }
  });
}
