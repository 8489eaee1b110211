import {
  type Attributes,
  encodeModel,
  float32,
  type Graph,
  GraphBuilder,
  type Model,
  modelOf,
  sizeOf,
  type Tensor,
  type TensorOf,
} from "@glyphcast/onnx";
import type { Tensor as OrtTensor } from "onnxruntime-common";
import type { Loss } from "../src/losses/loss.ts";
import type { Transform } from "../src/optimisers/transform.ts";
import { ort } from "../src/testing.ts";
import { buildTrainStep } from "../src/train-step.ts";

/** Emits a few nodes and returns the value that they make. */
export type Composition = (g: GraphBuilder, inputs: readonly string[], attributes: Attributes) => string;

/** One node and what goes into it. */
export interface OpCase {
  /** An operator, or what several of them make. */
  readonly op: string | Composition;
  /** Undefined for an omitted optional input. */
  readonly inputs: readonly (Tensor | undefined)[];
  /** The float inputs that the operator has no gradient for, such as the scales of Resize. */
  readonly constants?: readonly number[];
  readonly attributes?: Attributes;
  /** How many outputs are asked for; 1 by default. */
  readonly outputs?: number;
  /** Outputs before the last that are not asked for. */
  readonly omitted?: readonly number[];
  /** How many of the outputs are looked at; all by default. */
  readonly watched?: number;
  readonly opset?: number;
  /** Lets inputs of rank 3 and above come out of a convolution, and so in rows form. */
  readonly rows?: boolean;
}

/** An operator's output and gradients, for each case: `outputs` and `gradients` one after another. */
export interface Outcome {
  readonly outputs: Float32Array;
  /** By the position of the input. */
  readonly gradients: ReadonlyMap<number, Float32Array>;
}

/** Σ weights · prediction: its gradient with respect to the prediction is the weights themselves. */
const weightedSum: Loss = {
  name: "weighted-sum",
  labels: (shape) => ({ dtype: "float32", shape }),
  emit: (g, prediction, labels) => ({ value: g.sum(g.mul(prediction, labels), [0]), gradient: labels }),
};

const nothing: Transform = { init: () => [], update: (_, updates) => updates };

/** Many nodes side by side, so that they share a session. Their float outputs are laid end to end. */
class Bench {
  readonly model: Model;
  /** By the names of the initializers that are trained. */
  readonly parameters = new Map<
    string,
    { readonly tensor: TensorOf<"float32">; readonly place: number; readonly input: number }
  >();
  /** Where each case's outputs begin and end in the prediction. */
  readonly segments: (readonly [begin: number, end: number])[] = [];

  constructor(cases: readonly OpCase[]) {
    const opset = cases[0]!.opset ?? 17;
    const g = new GraphBuilder("bench", opset);
    const flat: string[] = [];
    let end = 0;
    for (const [place, one] of cases.entries()) {
      const inputs = one.inputs.map((tensor, input) => {
        if (!tensor) return "";
        const name = g.initializer(`case${place}:input${input}`, tensor);
        if (tensor.dtype !== "float32" || one.constants?.includes(input)) return name;
        this.parameters.set(name, { tensor, place, input });
        return one.rows && tensor.shape.length > 2 ? throughConv(g, name, tensor.shape) : name;
      });
      const begin = end;
      for (const output of emit(g, one, inputs, `case${place}`).slice(0, one.watched)) {
        if (!output || g.type(output).dtype !== "float32") continue;
        end += sizeOf(g.shape(output));
        flat.push(g.op("Reshape", [output, g.ints([-1])]));
      }
      this.segments.push([begin, end]);
    }
    g.output(g.op("Concat", flat, { axis: 0 }), "y");
    this.model = modelOf(g.build(), { opsets: { "": opset } });
  }

  /** The same graph with the parameters as inputs. */
  get forward(): Model {
    const { graph } = this.model;
    const inputs = Array.from(this.parameters, ([name, { tensor }]) => ({
      name,
      dtype: tensor.dtype,
      shape: tensor.shape,
    }));
    const initializers = new Map([...graph.initializers].filter(([name]) => !this.parameters.has(name)));
    const forward: Graph = { ...graph, inputs, initializers };
    return { ...this.model, graph: forward };
  }

  segment(place: number, values: Float32Array): Float32Array {
    return values.subarray(...this.segments[place]!);
  }
}

function emit(g: GraphBuilder, one: OpCase, inputs: readonly string[], stem: string): readonly string[] {
  const { op, attributes = {}, outputs = 1, omitted = [] } = one;
  if (typeof op !== "string") return [op(g, inputs, attributes)];
  const names = Array.from({ length: outputs }, (_, i) => (omitted.includes(i) ? "" : g.unique(`${stem}:output${i}`)));
  return g.ops(op, inputs, attributes, { outputs: names });
}

/** A convolution that changes nothing. */
function throughConv(g: GraphBuilder, value: string, shape: readonly number[]): string {
  const channels = shape[1]!;
  const identity = Float32Array.from({ length: channels ** 2 }, (_, i) => Number(i % (channels + 1) === 0));
  const kernel = g.initializer(
    g.unique("identity"),
    float32([channels, channels, ...shape.slice(2).map(() => 1)], identity),
  );
  return g.op("Conv", [value, kernel]);
}

const ortTensor = ({ shape, data }: TensorOf<"float32">, moved: Float32Array = data): OrtTensor =>
  new ort.Tensor("float32", moved, shape);

/** The weights of the sum whose gradients are taken: the same on every side, and unlike each other. */
export const weightOf = (index: number): number => (((index * 7) % 11) - 4.5) / 5;

/** What the training step makes of each case: the gradients of Σᵢ weightOf(i)·outputsᵢ. */
export function differentiate(cases: readonly OpCase[]): Promise<Outcome[]> {
  return byOpset(cases, async (part) => (await run(new Bench(part))).outcomes);
}

/** A model has one operator set: what `compute` makes of the cases of each, in their own order. */
async function byOpset<T>(
  cases: readonly OpCase[],
  compute: (part: readonly OpCase[]) => Promise<readonly T[]>,
): Promise<T[]> {
  const results = new Map<OpCase, T>();
  for (const opset of new Set(cases.map(({ opset = 17 }) => opset))) {
    const part = cases.filter((one) => (one.opset ?? 17) === opset);
    for (const [i, result] of (await compute(part)).entries()) results.set(part[i]!, result);
  }
  return cases.map((one) => results.get(one)!);
}

async function run(bench: Bench) {
  const trained = buildTrainStep(bench.model, {
    loss: weightedSum,
    optimiser: nothing,
    gradients: true,
    trainable: (name) => bench.parameters.has(name),
  });
  const labels = trained.inputs.find(({ role }) => role === "label")!;
  const weights = new Float32Array(sizeOf(labels.shape));
  for (const [begin, end] of bench.segments) for (let i = begin; i < end; i++) weights[i] = weightOf(i - begin);
  const feeds: Record<string, OrtTensor> = {
    labels: new ort.Tensor("float32", weights, labels.shape),
    learningRate: new ort.Tensor("float32", Float32Array.of(0), []),
  };
  for (const [name, tensor] of trained.initial) feeds[name] = ortTensor(tensor as TensorOf<"float32">);
  const session = await ort.InferenceSession.create(encodeModel(trained.model), { logSeverityLevel: 3 });
  const results = await session.run(feeds);
  await session.release();
  const gradients = bench.segments.map(() => new Map<number, Float32Array>());
  for (const { name, role, of } of trained.outputs) {
    if (role !== "gradient") continue;
    const { place, input } = bench.parameters.get(of!)!;
    gradients[place]!.set(input, results[name]!.data as Float32Array);
  }
  const prediction = results.prediction!.data as Float32Array;
  const outcomes = bench.segments.map(
    (_, place): Outcome => ({ outputs: bench.segment(place, prediction), gradients: gradients[place]! }),
  );
  return { outcomes, weights };
}

export interface Comparison {
  readonly analytic: Outcome;
  readonly numeric: Outcome;
}

/**
 * Each case by its rule, and by onnxruntime's own operator with central differences. All cases are nudged at once: none
 * reads what another does.
 *
 * @param step the distance of the two evaluations: too small drowns in float32 rounding, too large bends.
 */
export function compareWithDifferences(cases: readonly OpCase[], step: number): Promise<Comparison[]> {
  return byOpset(cases, (part) => compareTogether(part, step));
}

async function compareTogether(cases: readonly OpCase[], step: number): Promise<Comparison[]> {
  const bench = new Bench(cases);
  const { outcomes, weights } = await run(bench);
  const session = await ort.InferenceSession.create(encodeModel(bench.forward), {
    graphOptimizationLevel: "disabled",
    logSeverityLevel: 3,
  });
  const feeds: Record<string, OrtTensor> = {};
  for (const [name, { tensor }] of bench.parameters) feeds[name] = ortTensor(tensor);
  const predict = async (changed: Record<string, OrtTensor>) =>
    (await session.run({ ...feeds, ...changed })).y!.data as Float32Array;

  const base = await predict({});
  const gradients = cases.map(() => new Map<number, Float32Array>());
  const inputsOf = cases.map((_, place) => [...bench.parameters].filter(([, parameter]) => parameter.place === place));
  for (const inputs of inputsOf)
    for (const [, { tensor, place, input }] of inputs)
      gradients[place]!.set(input, new Float32Array(sizeOf(tensor.shape)));
  /** The n-th element of a case's parameters. */
  const elementAt = (place: number, n: number) => {
    for (const [name, { tensor, input }] of inputsOf[place]!) {
      if (n < tensor.data.length) return { name, tensor, input, i: n };
      n -= tensor.data.length;
    }
    return undefined;
  };
  const most = Math.max(
    ...inputsOf.map((inputs) => inputs.reduce((sum, [, { tensor }]) => sum + tensor.data.length, 0)),
  );
  for (let n = 0; n < most; n++) {
    const elements = cases.map((_, place) => elementAt(place, n));
    const nudged = (delta: number) =>
      Object.fromEntries(
        elements.flatMap((element) => {
          if (!element) return [];
          const moved = Float32Array.from(element.tensor.data);
          moved[element.i]! += delta;
          return [[element.name, ortTensor(element.tensor, moved)]];
        }),
      );
    const [above, below] = [await predict(nudged(step)), await predict(nudged(-step))];
    for (const [place, element] of elements.entries()) {
      if (!element) continue;
      // Summed in doubles, difference by difference: that of two float32 sums would lose what is looked for.
      let sum = 0;
      for (let [i, end] = bench.segments[place]!; i < end; i++) sum += (above[i]! - below[i]!) * weights[i]!;
      const moved =
        Math.fround(element.tensor.data[element.i]! + step) - Math.fround(element.tensor.data[element.i]! - step);
      gradients[place]!.get(element.input)![element.i] = sum / moved;
    }
  }
  await session.release();
  return cases.map((_, place) => ({
    analytic: outcomes[place]!,
    numeric: { outputs: bench.segment(place, base), gradients: gradients[place]! },
  }));
}
