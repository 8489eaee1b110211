// Four small networks and what their losses do over twenty steps in PyTorch: shared by the tests on Node and in a page.
import { float32, GraphBuilder, type Model, modelOf, type Tensor } from "@glyphcast/onnx";
import fixture from "../fixtures/curves.json" with { type: "json" };
import { softmaxCrossEntropy } from "../src/losses/softmax-cross-entropy.ts";
import { adamW } from "../src/optimisers/adam.ts";
import { type OnnxRuntime, TrainSession } from "../src/train-session.ts";
import { buildTrainStep } from "../src/train-step.ts";

export type NetworkName = "cnn" | "transformer" | "lstm" | "separable";

export const networkNames: readonly NetworkName[] = ["cnn", "transformer", "lstm", "separable"];

interface Curve {
  readonly shape: readonly number[];
  readonly weights: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: readonly number[] }>>;
  readonly batches: readonly { readonly x: readonly number[]; readonly labels: readonly number[] }[];
  readonly losses: readonly number[];
}

/** Adds a weight of the fixture by its name. */
type Weight = (name: string) => string;

const BUILDERS: Record<NetworkName, (g: GraphBuilder, x: string, w: Weight) => string> = {
  cnn(g, x, w) {
    const constant = (name: string, value: number): string => g.initializer(name, float32([4], Array(4).fill(value)));
    const conv = g.op("Conv", [x, w("conv1")], { pads: [1, 1, 1, 1] });
    const statistics = [w("gamma"), w("beta"), constant("mean", 0), constant("variance", 1)];
    const normal = g.ops("BatchNormalization", [conv, ...statistics], { training_mode: 1 }, {}, 3)[0]!;
    const pooled = g.op("MaxPool", [g.op("Relu", [normal])], { kernel_shape: [2, 2], strides: [2, 2] });
    const features = g.op("Flatten", [g.op("Relu", [g.op("Conv", [pooled, w("conv2"), w("conv2_bias")])])]);
    return g.op("Gemm", [features, w("head"), w("head_bias")], { transB: 1 });
  },
  transformer(g, x, w) {
    const dense = (value: string, name: string): string =>
      g.op("Add", [g.op("MatMul", [value, w(name)]), w(`${name}_bias`)]);
    const norm = (value: string, name: string): string =>
      g.op("LayerNormalization", [value, w(name), w(`${name}_bias`)], { axis: -1, epsilon: 1e-5 });
    const parts = g.op("Reshape", [dense(norm(x, "norm1"), "qkv"), g.ints([8, 5, 3, 2, 4])]);
    const [q, k, v] = g
      .ops("Split", [g.op("Transpose", [parts], { perm: [2, 0, 3, 1, 4] })], { axis: 0 }, {}, 3)
      .map((part) => g.op("Squeeze", [part, g.ints([0])]));
    const scores = g.op("Div", [g.op("MatMul", [q!, g.op("Transpose", [k!], { perm: [0, 1, 3, 2] })]), g.floats(2)]);
    const mixed = g.op("MatMul", [g.op("Softmax", [scores], { axis: -1 }), v!]);
    const joined = g.op("Reshape", [g.op("Transpose", [mixed], { perm: [0, 2, 1, 3] }), g.ints([8, 5, 8])]);
    const attended = g.op("Add", [x, dense(joined, "out")]);
    const up = dense(norm(attended, "norm2"), "up");
    // x·½·(1 + erf(x/√2)): Gelu as opset 17 writes it
    const gate = g.op("Add", [g.op("Erf", [g.op("Div", [up, g.floats(Math.SQRT2)])]), g.floats(1)]);
    const gelu = g.op("Mul", [g.op("Mul", [up, gate]), g.floats(0.5)]);
    const out = g.op("Add", [attended, dense(gelu, "down")]);
    return dense(g.op("ReduceMean", [out], { axes: [1], keepdims: 0 }), "head");
  },
  lstm(g, x, w) {
    const steps = g.op("Transpose", [x], { perm: [1, 0, 2] });
    const [, last] = g.ops("LSTM", [steps, w("w"), w("r"), w("b")], { hidden_size: 7 }, {}, 2);
    return g.op("Gemm", [g.op("Squeeze", [last!, g.ints([0])]), w("head"), w("head_bias")], { transB: 1 });
  },
  separable(g, x, w) {
    const block = (value: string, name: string, attributes = {}): string => {
      const conv = g.op("Conv", [value, w(name), w(`${name}_bias`)], attributes);
      return g.op("Clip", [conv, g.floats(0), g.floats(6)]);
    };
    const depth = block(block(x, "stem"), "depth", { group: 6, strides: [2, 2], pads: [1, 1, 1, 1] });
    const features = g.op("Flatten", [g.op("GlobalAveragePool", [block(depth, "point")])]);
    return g.op("Gemm", [features, w("head"), w("head_bias")], { transB: 1 });
  },
};

const curveOf = (name: NetworkName): Curve => fixture[name] as Curve;

/** What PyTorch's loss was before each of the twenty steps. */
export const expectedLosses = (name: NetworkName): readonly number[] => curveOf(name).losses;

function networkOf(name: NetworkName): Model {
  const { shape, weights } = curveOf(name);
  const g = new GraphBuilder(name);
  const weight = (key: string): string =>
    g.initializer(key, float32(weights[key]!.shape, weights[key]!.data) as Tensor);
  g.output(BUILDERS[name](g, g.input("x", "float32", shape), weight), "logits");
  return modelOf(g.build());
}

/** Trains a network for twenty steps on `ort`; returns the loss before each. */
export async function trainedLosses(ort: OnnxRuntime, name: NetworkName): Promise<number[]> {
  const step = buildTrainStep(networkOf(name), {
    loss: softmaxCrossEntropy(),
    optimiser: adamW({ weightDecay: 1e-2 }),
  });
  const session = await TrainSession.create(ort, step);
  const losses: number[] = [];
  for (const { x, labels } of curveOf(name).batches)
    losses.push((await session.step({ x }, Uint8Array.from(labels), 1e-2)).loss);
  await session.release();
  return losses;
}
