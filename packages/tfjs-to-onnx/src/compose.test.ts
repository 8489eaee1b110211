import fc from "fast-check";
import { expect, it } from "vitest";
import { graphFromLayers, weightsFromParameters } from "./index.ts";
import { expectConverts, expectSame, feedsOf, randomise, runOnnx, runTfjs, save, tfl } from "./testing.ts";

const l = tfl.layers;
type Tensor = tfl.SymbolicTensor;

/** One random decision: which layer comes next, on which tensors, with which options. */
interface Step {
  readonly layer: number;
  readonly pick: number;
  readonly other: number;
  readonly a: number;
  readonly b: number;
  readonly same: boolean;
  readonly bias: boolean;
}

const step = fc.record<Step>({
  layer: fc.nat(1000),
  pick: fc.nat(1000),
  other: fc.nat(1000),
  a: fc.integer({ min: 1, max: 3 }),
  b: fc.integer({ min: 1, max: 3 }),
  same: fc.boolean(),
  bias: fc.boolean(),
});

const ACTIVATIONS = ["relu", "sigmoid", "tanh", "elu", "softmax", "linear", "swish"] as const;

type Build = (x: Tensor, step: Step) => Tensor;
const apply = (layer: { apply(x: Tensor | Tensor[]): unknown }, x: Tensor | Tensor[]): Tensor =>
  layer.apply(x) as Tensor;
const paddingOf = ({ same, a }: Step, [, h, w]: Tensor["shape"]): "same" | "valid" =>
  same || h! < a || w! < a ? "same" : "valid";
const activationOf = ({ other }: Step) => ACTIVATIONS[other % ACTIVATIONS.length]!;

const ANY: readonly Build[] = [
  (x, s) => apply(l.activation({ activation: activationOf(s) }), x),
  (x, s) => apply(l.batchNormalization({ scale: s.same, center: s.bias }), x),
  (x) => apply(l.dropout({ rate: 0.5 }), x),
  (x, s) => apply(l.dense({ units: s.a + s.b, useBias: s.bias, activation: activationOf(s) }), x),
  (x, s) => apply(l.rescaling({ scale: s.a - 2.5, offset: s.bias ? 0.5 : 0 }), x),
  (x) => apply(l.leakyReLU(), x),
];

const IMAGES: readonly Build[] = [
  (x, s) =>
    apply(
      l.conv2d({
        filters: s.a + s.b,
        kernelSize: [s.a, s.b],
        strides: s.b,
        padding: paddingOf({ ...s, a: 3 }, x.shape),
        useBias: s.bias,
      }),
      x,
    ),
  (x, s) =>
    apply(
      l.depthwiseConv2d({ kernelSize: s.a, depthMultiplier: s.b, padding: paddingOf(s, x.shape), useBias: s.bias }),
      x,
    ),
  (x, s) => apply(l.maxPooling2d({ poolSize: s.a, strides: s.b, padding: paddingOf(s, x.shape) }), x),
  (x, s) => apply(l.averagePooling2d({ poolSize: s.a, strides: s.b, padding: paddingOf(s, x.shape) }), x),
  (x, s) =>
    apply(
      l.zeroPadding2d({
        padding: [
          [s.a - 1, 1],
          [0, s.b - 1],
        ],
      }),
      x,
    ),
  (x) => apply(l.flatten(), x),
  (x) => apply(l.globalAveragePooling2d({}), x),
  (x, s) => apply(l.permute({ dims: s.same ? [2, 3, 1] : [1, 3, 2] }), x),
];

const FEATURES: readonly Build[] = [
  (x) => apply(l.reshape({ targetShape: [1, x.shape[1]!, 1] }), x),
  (x, s) => apply(l.repeatVector({ n: s.a }), x),
];

const sameShape = (a: Tensor, b: Tensor): boolean => JSON.stringify(a.shape) === JSON.stringify(b.shape);

const merge = ({ a, b }: Step, tensors: Tensor[]): Tensor =>
  apply([l.add(), l.multiply(), l.maximum(), l.average(), l.concatenate()][(a + b) % 5]!, tensors);

/** A graph of random layers: each reads a random tensor made before; the last few tensors are the outputs. */
function compose(steps: readonly Step[]): tfl.LayersModel {
  const input = tfl.input({ shape: [6, 5, 2] });
  const tensors: Tensor[] = [input];
  for (const s of steps) {
    // Mostly the newest tensor, so that chains grow long; now and then an older one, so that they branch.
    const x = s.pick % 3 === 0 ? tensors[s.pick % tensors.length]! : tensors.at(-1)!;
    const partner = tensors.filter((other) => other !== x && sameShape(other, x));
    const layers = [...ANY, ...(x.shape.length === 4 ? IMAGES : x.shape.length === 2 ? FEATURES : [])];
    const build = layers[s.layer % layers.length]!;
    tensors.push(
      partner.length > 0 && s.layer % 4 === 0 ? merge(s, [x, partner[s.other % partner.length]!]) : build(x, s),
    );
  }
  return tfl.model({ inputs: input, outputs: [...new Set(tensors.slice(1).slice(-2))] });
}

it("converts any composition of layers", { timeout: 120_000 }, async () => {
  let layers = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 9 }), fc.nat(1000), async (steps, seed) => {
      const model = compose(steps);
      randomise(model, seed);
      await expectConverts(model);
      layers += model.layers.length;
    }),
    { numRuns: 200, seed: 2024 },
  );
  expect(layers).toBeGreaterThan(800);
});

it("computes in training what TF.js computes in training", { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 9 }), fc.nat(1000), async (steps, seed) => {
      // TF.js cannot train a batch normalisation without gamma or beta, and what dropout drops cannot be compared.
      const { inputs, outputs } = compose(steps.map((s) => ({ ...s, same: true, bias: true })));
      const features = apply(
        l.globalMaxPooling1d({}),
        apply(l.reshape({ targetShape: [-1, 1] as number[] }), outputs.at(-1)!),
      );
      const model = tfl.model({ inputs, outputs: apply(l.dense({ units: 3 }), features) });
      fc.pre(model.layers.every((layer) => layer.getClassName() !== "Dropout"));
      randomise(model, seed);
      const { json, weights } = await save(model);
      const { model: onnx } = graphFromLayers(json, weights, { training: true });
      const [feed] = feedsOf(model, 3);
      const [expected] = runTfjs(model, [feed!], { training: true });
      const { logits } = await runOnnx(onnx, { [onnx.graph.inputs[0]!.name]: feed! });
      // A batch's statistics magnify rounding where a channel hardly varies.
      expectSame(logits!, expected!, 1e-4);
    }),
    { numRuns: 100, seed: 2026 },
  );
});

it("takes the weights of any composition to a training graph and back, bit for bit", { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 9 }), fc.nat(1000), async (steps, seed) => {
      const { inputs, outputs } = compose(steps);
      const model = tfl.model({ inputs, outputs: outputs.at(-1)! });
      randomise(model, seed);
      const { json, weights } = await save(model);
      const { model: onnx, origins } = graphFromLayers(json, weights, { training: true });
      const back = weightsFromParameters(origins, onnx.graph.initializers);
      expect(new Map([...back].toSorted())).toEqual(new Map([...weights].toSorted()));
    }),
    { numRuns: 60, seed: 2025 },
  );
});
