// Models of random layers, Sequential and Functional, for properties that hold of all of them.
import fc from "fast-check";
import { type Feed, feedsOf, tfl } from "../../src/testing.ts";
import { integers, type Layer, type Symbolic } from "./case.ts";

const l = tfl.layers;

/** One random decision: which layer comes next, on which tensors, with which options. */
export interface Step {
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

export const steps: fc.Arbitrary<Step[]> = fc.array(step, { minLength: 1, maxLength: 9 });

type Shape = readonly (number | null)[];

/** A layer for tensors of some shape, where there is one. */
type Build = (shape: Shape, step: Step) => Layer | undefined;

const ACTIVATIONS = [
  "relu",
  "sigmoid",
  "tanh",
  "elu",
  "softmax",
  "linear",
  "swish",
  "hardSigmoid",
  "selu",
  "gelu",
] as const;
const activationOf = ({ other }: Step) => ACTIVATIONS[other % ACTIVATIONS.length]! as "relu";

/** Windows of at most 3 are padded where they would not fit. */
const paddingOf = ({ same }: Step, shape: Shape): "same" | "valid" =>
  same || shape.slice(1, -1).some((dim) => dim === null || dim < 3) ? "same" : "valid";

/** Windows smaller than their strides are padded by known extents only. */
const stridesOf = ({ a, b }: Step, shape: Shape, reach = a): number => (isKnown(shape) ? b : Math.min(reach, b));

const isKnown = (shape: Shape): shape is readonly [null, ...number[]] => shape.slice(1).every((dim) => dim !== null);

const sizeOf = (shape: Shape): number => shape.slice(1).reduce<number>((size, dim) => size * dim!, 1);

/** What training and serving compute alike, but for what dropout drops. */
const ANY: readonly Build[] = [
  (_, s) => l.activation({ activation: activationOf(s) }),
  (shape, s) => (shape.length < 5 ? l.batchNormalization({ scale: s.same, center: s.bias }) : undefined),
  () => l.dropout({ rate: 0.5 }),
  (_, s) => l.dense({ units: s.a + s.b, useBias: s.bias, activation: activationOf(s) }),
  (_, s) => l.rescaling({ scale: s.a - 2.5, offset: s.bias ? 0.5 : 0 }),
  () => l.leakyReLU(),
  (shape, s) => (isKnown(shape) ? l.prelu({ ...(s.same && shape.length > 2 && { sharedAxes: [1] }) }) : undefined),
  (shape, s) => (isKnown(shape) && shape.length > 2 && s.a === 1 ? l.flatten() : undefined),
];

const IMAGES: readonly Build[] = [
  (shape, s) =>
    l.conv2d({
      filters: s.a + s.b,
      kernelSize: [s.a, s.b],
      strides: stridesOf(s, shape),
      padding: paddingOf(s, shape),
      useBias: s.bias,
    }),
  (shape, s) =>
    l.depthwiseConv2d({ kernelSize: s.a, depthMultiplier: s.b, padding: paddingOf(s, shape), useBias: s.bias }),
  (shape, s) => l.maxPooling2d({ poolSize: s.a, strides: stridesOf(s, shape), padding: paddingOf(s, shape) }),
  (shape, s) => l.averagePooling2d({ poolSize: s.a, strides: stridesOf(s, shape), padding: paddingOf(s, shape) }),
  (_, s) =>
    l.zeroPadding2d({
      padding: [
        [s.a - 1, 1],
        [0, s.b - 1],
      ],
    }),
  () => l.globalAveragePooling2d({}),
  (shape, s) => (isKnown(shape) ? l.permute({ dims: s.same ? [2, 3, 1] : [1, 3, 2] }) : undefined),
];

const MORE_IMAGES: readonly Build[] = [
  (shape, s) => l.separableConv2d({ filters: s.a, kernelSize: s.b, padding: paddingOf(s, shape), useBias: s.bias }),
  (shape, s) =>
    sizeOf(shape) < 2000
      ? l.conv2dTranspose({
          filters: s.a,
          kernelSize: s.b,
          strides: s.a,
          padding: paddingOf(s, shape),
          useBias: s.bias,
        })
      : undefined,
  (shape, s) =>
    sizeOf(shape) < 2000
      ? l.upSampling2d({ size: [s.a, s.b], interpolation: s.same ? "bilinear" : "nearest" })
      : undefined,
  (shape) =>
    shape[1]! > 2 && shape[2]! > 2
      ? l.cropping2D({
          cropping: [
            [1, 0],
            [0, 1],
          ],
        })
      : undefined,
  () => l.globalMaxPooling2d({}),
  (shape) => (isKnown(shape) ? l.reshape({ targetShape: [shape[1]! * shape[2]!, shape[3]!] }) : undefined),
  (_, s) => l.timeDistributed({ layer: sequences[s.other % sequences.length]!([null, 4, 4], { ...s, same: true })! }),
];

const plain = { recurrentInitializer: "glorotNormal" } as const;
const recurrent = (s: Step) => {
  const options = { units: s.a + s.b, returnSequences: s.same, goBackwards: s.bias, ...plain };
  const activations = s.pick % 3 === 0 ? { activation: activationOf(s) } : {};
  if (s.a === 1) return l.simpleRNN({ ...options, ...activations });
  return s.a === 2 ? l.gru({ ...options, ...activations }) : l.lstm({ ...options, ...activations });
};

/** Layers that walk along steps, and their wrappers; the first few keep the rank. */
const sequences: readonly Build[] = [
  (shape, s) => l.conv1d({ filters: s.a, kernelSize: s.b, strides: s.b === 2 ? 2 : 1, padding: paddingOf(s, shape) }),
  (_, s) => l.timeDistributed({ layer: l.dense({ units: s.a, useBias: s.bias }) }),
  (shape, s) => l.averagePooling1d({ poolSize: s.a, strides: stridesOf(s, shape), padding: paddingOf(s, shape) }),
  (shape, s) => l.maxPooling1d({ poolSize: s.a, strides: stridesOf(s, shape), padding: paddingOf(s, shape) }),
];

const SEQUENCES: readonly Build[] = [
  ...sequences,
  (_, s) => recurrent(s),
  (_, s) => recurrent({ ...s, same: true }),
  (_, s) =>
    l.bidirectional({ layer: recurrent(s), mergeMode: (["concat", "sum", "mul", "ave"] as const)[s.other % 4]! }),
  (_, s) => l.spatialDropout1d({ rate: s.a / 4 }),
  () => l.globalAveragePooling1d({}),
  () => l.globalMaxPooling1d({}),
  (shape) => (isKnown(shape) ? l.permute({ dims: [2, 1] }) : undefined),
  (shape) => (isKnown(shape) ? l.reshape({ targetShape: [1, shape[1], shape[2]] as number[] }) : undefined),
];

const VOLUMES: readonly Build[] = [
  (shape, s) => l.conv3d({ filters: s.a, kernelSize: s.b, strides: s.a === 2 ? 2 : 1, padding: paddingOf(s, shape) }),
  (shape, s) => l.maxPooling3d({ poolSize: s.a, strides: s.b, padding: paddingOf(s, shape) }),
  (shape, s) => l.averagePooling3d({ poolSize: s.a, strides: s.b, padding: paddingOf(s, shape) }),
  (_, s) =>
    l.convLstm2d({ filters: s.a, kernelSize: s.b, padding: "same", returnSequences: s.same, ...plain } as never),
  (shape, s) => l.timeDistributed({ layer: IMAGES[s.other % 4]!([null, ...shape.slice(2)], s)! }),
  (shape) => (isKnown(shape) ? l.timeDistributed({ layer: l.flatten() }) : undefined),
];

const FEATURES: readonly Build[] = [
  (shape) => l.reshape({ targetShape: [1, shape[1]!, 1] }),
  (_, s) => l.repeatVector({ n: s.a + 1 }),
];

/** A model as a layer. */
const nested: Build = (shape, s) =>
  isKnown(shape)
    ? (tfl.sequential({
        layers: [
          l.inputLayer({ inputShape: shape.slice(1) }),
          l.dense({ units: s.a, activation: activationOf(s) }),
          ...(shape.length === 3 ? [recurrent({ ...s, pick: 1 })] : [l.leakyReLU()]),
        ],
      }) as unknown as Layer)
    : undefined;

const layerNormalization: Build = (shape, s) =>
  shape.length < 5 && isKnown(shape)
    ? l.layerNormalization({ axis: s.same && shape.length > 2 ? [1, 2] : -1, epsilon: 0.1, scale: s.bias })
    : undefined;

interface Inputs {
  readonly shape: Shape;
  readonly builds: Readonly<Record<number, readonly Build[]>>;
  /** Whether there may be two inputs, and layers that are called more than once. */
  readonly free?: boolean;
}

/** What a training graph can be made of. */
export const TRAINABLE: Inputs = {
  shape: [6, 5, 2],
  builds: { 2: [...ANY.slice(0, 6), ...FEATURES], 3: ANY.slice(0, 6), 4: [...ANY, ...IMAGES] },
};

const SERVED: Inputs["builds"] = {
  2: [...ANY, ...FEATURES, layerNormalization, nested],
  3: [...ANY, ...SEQUENCES, ...SEQUENCES, layerNormalization, nested],
  4: [...ANY, ...IMAGES, ...MORE_IMAGES, layerNormalization, nested],
  5: [...ANY, ...VOLUMES, ...VOLUMES],
};

/** Pictures, sequences of open or known length, words, films; with open heights where there are `null`s. */
const KINDS: readonly Shape[] = [[6, 5, 2], [null, null, 2], [7, 3], [null, 3], [6], [4, 5, 4, 2], [9]];

/** The kinds of integers: words, of which 0 is none. */
const WORDS = 4;

const layerFor = (shape: Shape, s: Step, builds: Inputs["builds"]): Layer => {
  const candidates = builds[shape.length]!;
  for (let i = 0; i < candidates.length; i++) {
    const layer = candidates[(s.layer + i) % candidates.length]!(shape, s);
    if (layer) return layer;
  }
  throw new Error(`bug: no layer reads [${shape.join(", ")}].`);
};

const apply = (layer: { apply(x: Symbolic | Symbolic[]): unknown }, x: Symbolic | Symbolic[]): Symbolic =>
  layer.apply(x) as Symbolic;

const sameShape = (a: Symbolic, b: Symbolic): boolean => JSON.stringify(a.shape) === JSON.stringify(b.shape);

function merge({ a, b, pick }: Step, tensors: Symbolic[]): Symbolic {
  const rank = tensors[0]!.shape.length;
  if (pick % 5 === 0 && (rank === 2 || (rank === 3 && isKnown(tensors[0]!.shape))))
    return apply(l.dot({ axes: -1 }), tensors);
  return apply([l.add(), l.multiply(), l.maximum(), l.minimum(), l.average(), l.concatenate()][(a + b) % 6]!, tensors);
}

/** A graph of random layers: each reads a random tensor made before; the last few tensors are the outputs. */
export function compose(decisions: readonly Step[], { shape, builds, free = false }: Inputs): tfl.LayersModel {
  const { inputs, first } = begin(shape, decisions[0]!, free && decisions.length % 3 === 0 ? 2 : 1);
  const tensors = [...first];
  const used: { layer: Layer; shape: string }[] = [];
  for (const s of decisions) {
    // Mostly the newest tensor, so that chains grow long; now and then an older one, so that they branch.
    const x = s.pick % 3 === 0 ? tensors[s.pick % tensors.length]! : tensors.at(-1)!;
    const partner = tensors.filter((other) => other !== x && sameShape(other, x));
    if (partner.length > 0 && s.layer % 4 === 0) {
      tensors.push(merge(s, [x, partner[s.other % partner.length]!]));
      continue;
    }
    const before = used.find(({ shape: read }) => read === `${x.shape}`);
    const layer = free && before && s.other % 4 === 0 ? before.layer : layerFor(x.shape, s, builds);
    used.push({ layer, shape: `${x.shape}` });
    tensors.push(apply(layer, x));
  }
  const outputs = [...new Set(tensors.slice(first.length).slice(-2))];
  const { layers } = tfl.model({ inputs, outputs });
  // TF.js does not save an input that nothing reads.
  return tfl.model({ inputs: inputs.filter(({ sourceLayer }) => layers.includes(sourceLayer)), outputs });
}

/** The inputs, and what the first layers read: words are embedded, half of the time with a mask. */
function begin(shape: Shape, { bias }: Step, count: number): { inputs: Symbolic[]; first: Symbolic[] } {
  const words = shape.length === 1 && shape[0] === 6;
  const inputs = Array.from({ length: count }, () =>
    tfl.input({ shape: [...shape], ...(words && { dtype: "int32" }) }),
  );
  if (!words) return { inputs, first: inputs };
  const embedding = l.embedding({ inputDim: WORDS, outputDim: 3, maskZero: bias });
  return { inputs, first: inputs.map((input) => apply(embedding, input)) };
}

/** A model of any kind of input: a chain in a Sequential, or a graph. */
export function composeAny(kind: number, sequential: boolean, decisions: readonly Step[]): tfl.LayersModel {
  const shape = KINDS[kind % KINDS.length]!;
  if (!sequential) return compose(decisions, { shape, builds: SERVED, free: true });
  const words = shape.length === 1 && shape[0] === 6;
  const model = tfl.sequential({
    layers: [l.inputLayer({ inputShape: [...shape], ...(words && { dtype: "int32" }) })],
  });
  if (words) model.add(l.embedding({ inputDim: WORDS, outputDim: 3, maskZero: decisions[0]!.bias }));
  for (const s of decisions) model.add(layerFor(model.outputs[0]!.shape, s, SERVED));
  return model;
}

/** Words where the model reads them, numbers elsewhere. */
export const feedsOfAny = (model: tfl.LayersModel, batch: number): readonly Feed[] =>
  model.inputs[0]!.dtype === "int32" ? integers(WORDS)(model, batch) : feedsOf(model, batch);
