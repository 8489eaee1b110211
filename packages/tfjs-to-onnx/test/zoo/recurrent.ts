import { activationNames } from "../../src/activations.ts";
import { tfl } from "../../src/testing.ts";
import { type Case, chain, graph, integers, type Layer, product, type Symbolic } from "./case.ts";

const l = tfl.layers;

/** TF.js draws orthogonal matrices with operations that only the whole union package registers. */
const plain = { recurrentInitializer: "glorotNormal" } as const;

interface Options {
  readonly units?: number;
  readonly returnSequences?: boolean;
  readonly returnState?: boolean;
  readonly goBackwards?: boolean;
  readonly useBias?: boolean;
  readonly activation?: "tanh";
  readonly recurrentActivation?: "sigmoid";
}

export const KINDS = {
  SimpleRNN: (options: Options = {}) => l.simpleRNN({ units: 4, ...plain, ...options }),
  GRU: (options: Options = {}) => l.gru({ units: 4, ...plain, ...options }),
  LSTM: (options: Options = {}) => l.lstm({ units: 4, ...plain, ...options }),
} as const;

type Kind = keyof typeof KINDS;
const names = Object.keys(KINDS) as Kind[];
const flags = [false, true];
const states = (kind: Kind): number => (kind === "LSTM" ? 2 : 1);

const words = (label: string, on: boolean): string => (on ? `, ${label}` : "");

/** A layer's outputs as those of a model. */
const outputs = (x: Symbolic | Symbolic[], layer: Layer): Symbolic | Symbolic[] =>
  layer.apply(x) as Symbolic | Symbolic[];

/** Words whose zeros are left out, at the beginning, in the middle and at the end. */
const masked =
  (layers: () => Layer[]): (() => Layer[]) =>
  () => [l.embedding({ inputDim: 3, outputDim: 5, maskZero: true }), ...layers()];

const inputs = (kind: Kind, copies = 1): Symbolic[] => [
  tfl.input({ shape: [6, 3] }),
  ...Array.from({ length: states(kind) * copies }, () => tfl.input({ shape: [4] })),
];

const FROM_STATES: readonly Case[] = product(names, flags, flags).map(([kind, returnSequences, goBackwards]) => ({
  name: `${kind} from initial states${words("sequences", returnSequences)}${words("backwards", goBackwards)}`,
  model: () => {
    const given = inputs(kind);
    const made = outputs(given, KINDS[kind]({ returnSequences, goBackwards, returnState: true }));
    return tfl.model({ inputs: given, outputs: made });
  },
}));

const ENCODERS: readonly Case[] = product(names, flags).map(([kind, mask]) => ({
  name: `${kind} that goes on with another's states${words("masked", mask)}`,
  model: () => {
    const [a, b] = [tfl.input({ shape: [6] }), tfl.input({ shape: [null] })];
    const embed = (x: Symbolic) => l.embedding({ inputDim: 3, outputDim: 5, maskZero: mask }).apply(x) as Symbolic;
    const [, ...last] = KINDS[kind]({ returnState: true }).apply(embed(a)) as Symbolic[];
    const decoded = KINDS[kind]({ returnSequences: true }).apply([embed(b), ...last]) as Symbolic;
    return tfl.model({
      inputs: [a, b],
      outputs: l.dense({ units: 3, activation: "softmax" }).apply(decoded) as Symbolic,
    });
  },
  feeds: (model, batch) => integers(3)(model, batch).map((feed, i) => (i === 0 ? feed : cut(feed, batch, 4))),
}));

/** The same words, but fewer of them. */
const cut = ({ data }: { data: ArrayLike<number> }, batch: number, steps: number) => ({
  data: Float32Array.from({ length: batch * steps }, (_, i) => data[i]!),
  shape: [batch, steps],
});

const TWO_WAYS: readonly Case[] = product(
  names,
  ["concat", "sum", "mul", "ave", null] as const,
  flags,
  flags,
  flags,
).map(([kind, mergeMode, returnSequences, returnState, goBackwards]) =>
  graph(
    `Bidirectional ${kind} ${mergeMode}${words("sequences", returnSequences)}${words("states", returnState)}${words("backwards", goBackwards)}`,
    [5, 3],
    (x) =>
      outputs(
        x,
        l.bidirectional({ layer: KINDS[kind]({ returnSequences, returnState, goBackwards }), mergeMode: mergeMode! }),
      ),
  ),
);

const cells = {
  SimpleRNNCell: (units: number) => l.simpleRNNCell({ units, ...plain }),
  GRUCell: (units: number) => l.gruCell({ units, ...plain }),
  LSTMCell: (units: number) => l.lstmCell({ units, ...plain }),
};

const STACKS: readonly Case[] = [
  ...Object.entries(cells).map(([name, cell]) =>
    graph(`RNN of a ${name}, with states`, [null, 3], (x) => outputs(x, l.rnn({ cell: cell(4), returnState: true }))),
  ),
  ...product(flags, flags, flags).map(([returnSequences, goBackwards, mask]) =>
    graph(
      `RNN of three cells${words("sequences", returnSequences)}${words("backwards", goBackwards)}${words("masked", mask)}`,
      [5, 3],
      (x) => {
        const cell = [cells.LSTMCell(4), cells.GRUCell(3), cells.SimpleRNNCell(2)];
        const given = mask ? (l.masking({}).apply(x) as Symbolic) : x;
        return outputs(
          given,
          l.rnn({ cell: l.stackedRNNCells({ cells: cell }), returnSequences, goBackwards, returnState: true }),
        );
      },
      integers(2),
    ),
  ),
  {
    name: "RNN of two cells from initial states",
    model: () => {
      const given = [[5, 3], [2], [4], [4]].map((shape) => tfl.input({ shape }));
      const cell = l.stackedRNNCells({ cells: [cells.LSTMCell(4), cells.GRUCell(2)] });
      return tfl.model({ inputs: given, outputs: outputs(given, l.rnn({ cell, returnState: true })) });
    },
  },
];

const ACTIVATIONS: readonly Case[] = activationNames
  .filter((name) => !["silu", "exponential"].includes(name))
  .flatMap((given) => {
    const name = given === "hard_sigmoid" ? "hardSigmoid" : given === "log_softmax" ? "logSoftmax" : given;
    const one = { activation: name as "tanh" };
    return names.flatMap((kind) => [
      chain(`${kind} with ${name}`, [3, 3], () => [KINDS[kind](one)]),
      ...(kind === "SimpleRNN"
        ? []
        : [
            chain(`${kind} with ${name} at its gates`, [3, 3], () => [
              KINDS[kind]({ recurrentActivation: name as "sigmoid" }),
            ]),
          ]),
    ]);
  });

const IMAGES: readonly Case[] = [
  ...product(["valid", "same"] as const, [1, 2], ["channelsLast", "channelsFirst"] as const).map(
    ([padding, strides, dataFormat]) =>
      graph(`ConvLSTM2D ${padding}, strides ${strides}, ${dataFormat}`, [3, 5, 6, 4], (x) =>
        outputs(
          x,
          l.convLstm2d({
            filters: 3,
            kernelSize: [2, 3],
            padding,
            strides,
            dataFormat,
            returnState: true,
            ...plain,
          } as never),
        ),
      ),
  ),
  ...product(flags, flags).map(([returnSequences, goBackwards]) =>
    chain(`ConvLSTM2D${words("sequences", returnSequences)}${words("backwards", goBackwards)}`, [null, 5, 6, 2], () => [
      l.convLstm2d({ filters: 2, kernelSize: 3, padding: "same", returnSequences, goBackwards, ...plain } as never),
      l.leakyReLU(),
    ]),
  ),
  chain("ConvLSTM2D dilated, other activations, without a bias", [3, 7, 6, 2], () => [
    l.convLstm2d({
      filters: 2,
      kernelSize: 2,
      dilationRate: 2,
      activation: "softmax",
      recurrentActivation: "relu",
      useBias: false,
      ...plain,
    } as never),
  ]),
  chain("Bidirectional ConvLSTM2D", [3, 5, 6, 2], () => [
    l.bidirectional({
      layer: l.convLstm2d({ filters: 2, kernelSize: 3, returnSequences: true, ...plain } as never) as never,
      mergeMode: "concat",
    }),
  ]),
];

const DISTRIBUTED: readonly Case[] = [
  ...product([
    [4, 6, 5, 2],
    [null, 6, 5, 2],
  ]).map(([shape]) =>
    chain(`TimeDistributed of an image network, ${shape[0] ?? "open"}`, shape, () => [
      l.timeDistributed({ layer: l.conv2d({ filters: 3, kernelSize: 3, activation: "relu" }) }),
      l.timeDistributed({ layer: l.batchNormalization({}) }),
      l.timeDistributed({ layer: l.maxPooling2d({ poolSize: 2 }) }),
      l.timeDistributed({ layer: l.flatten() }),
      KINDS.LSTM({ returnSequences: true }),
      l.timeDistributed({ layer: l.dense({ units: 2, activation: "softmax" }) }),
    ]),
  ),
  chain("TimeDistributed of a model", [4, 6, 5, 2], () => [
    l.timeDistributed({
      layer: tfl.sequential({
        layers: [
          l.conv2d({ inputShape: [6, 5, 2], filters: 3, kernelSize: 2 }),
          l.globalAveragePooling2d({}),
          l.dense({ units: 2 }),
        ],
      }) as never,
    }),
  ]),
  chain("TimeDistributed of TimeDistributed", [4, 6, 5], () => [
    l.timeDistributed({ layer: l.timeDistributed({ layer: l.dense({ units: 2 }) }) }),
  ]),
  chain("TimeDistributed of Bidirectional", [3, 4, 5], () => [
    l.timeDistributed({ layer: l.bidirectional({ layer: KINDS.GRU({ returnSequences: true }), mergeMode: "concat" }) }),
  ]),
  chain("TimeDistributed of an image whose height and width are open", [3, null, null, 2], () => [
    l.timeDistributed({ layer: l.conv2d({ filters: 2, kernelSize: 2 }) }),
  ]),
  chain(
    "TimeDistributed of masked steps, which the next layer leaves out",
    [null],
    masked(() => [l.timeDistributed({ layer: l.dense({ units: 2 }) }), KINDS.GRU()]),
    integers(3),
  ),
];

const MASKED: readonly Case[] = [
  ...product(names, flags, flags).map(([kind, returnSequences, goBackwards]) =>
    chain(
      `${kind} masked${words("sequences", returnSequences)}${words("backwards", goBackwards)}`,
      [6],
      masked(() => [KINDS[kind]({ returnSequences, goBackwards })]),
      integers(3),
    ),
  ),
  ...product(names, ["concat", "sum"] as const, flags).map(([kind, mergeMode, returnSequences]) =>
    chain(
      `Bidirectional ${kind} ${mergeMode}, masked${words("sequences", returnSequences)}`,
      [null],
      masked(() => [l.bidirectional({ layer: KINDS[kind]({ returnSequences }), mergeMode })]),
      integers(3),
    ),
  ),
  chain(
    "LSTM after LSTM, masked through Dense and normalisations",
    [6],
    masked(() => [
      KINDS.LSTM({ returnSequences: true }),
      l.dense({ units: 3 }),
      l.layerNormalization({}),
      l.batchNormalization({}),
      l.dropout({ rate: 0.5 }),
      l.reLU(),
      KINDS.LSTM(),
    ]),
    integers(3),
  ),
  chain(
    "LSTM behind a layer that loses the mask, which TF.js applies all the same",
    [6],
    masked(() => [l.conv1d({ filters: 3, kernelSize: 1 }), KINDS.LSTM()]),
    integers(3),
  ),
  chain(
    "LSTM with the mask of an earlier one's input, which TF.js has not forgotten",
    [6],
    masked(() => [KINDS.LSTM(), l.repeatVector({ n: 6 }), KINDS.LSTM({ returnSequences: true })]),
    integers(3),
  ),
  graph(
    "LSTM of masked features side by side",
    [6],
    (x) => {
      const embed = () => l.embedding({ inputDim: 3, outputDim: 2, maskZero: true }).apply(x) as Symbolic;
      return KINDS.LSTM().apply(l.concatenate().apply([embed(), embed()]) as Symbolic) as Symbolic;
    },
    integers(3),
  ),
  graph(
    "LSTM of masked steps after each other",
    [6],
    (x) => {
      const embed = () => l.embedding({ inputDim: 3, outputDim: 2, maskZero: true }).apply(x) as Symbolic;
      return KINDS.LSTM().apply(l.concatenate({ axis: 1 }).apply([embed(), embed()]) as Symbolic) as Symbolic;
    },
    integers(3),
  ),
  graph(
    "LSTM beside a masked one, in TF.js's order",
    [6],
    (x) => {
      const embed = (maskZero: boolean) => l.embedding({ inputDim: 3, outputDim: 2, maskZero }).apply(x) as Symbolic;
      const [a, b] = [true, false].map((mask) => KINDS.LSTM().apply(embed(mask)) as Symbolic) as [Symbolic, Symbolic];
      return [l.concatenate().apply([a, b]) as Symbolic, l.concatenate().apply([b, a]) as Symbolic];
    },
    integers(3),
  ),
];

/** Recurrent layers, their wrappers and their masks. */
export const RECURRENTS: readonly Case[] = [
  ...product(names, flags, flags, flags, [
    [5, 3],
    [null, 3],
  ]).map(([kind, returnSequences, returnState, goBackwards, shape]) =>
    graph(
      `${kind}${words("sequences", returnSequences)}${words("states", returnState)}${words("backwards", goBackwards)}${words("open", shape[0] === null)}`,
      shape,
      (x) => outputs(x, KINDS[kind]({ returnSequences, returnState, goBackwards })),
    ),
  ),
  ...names.map((kind) =>
    chain(`${kind} without a bias, one unit`, [5, 3], () => [KINDS[kind]({ useBias: false, units: 1 })]),
  ),
  ...names.map((kind) =>
    chain(`${kind} on ${kind}`, [5, 3], () => [
      KINDS[kind]({ returnSequences: true }),
      KINDS[kind]({ returnSequences: true, goBackwards: true }),
      KINDS[kind](),
    ]),
  ),
  ...FROM_STATES,
  ...ENCODERS,
  ...TWO_WAYS,
  ...STACKS,
  ...ACTIVATIONS,
  ...IMAGES,
  ...DISTRIBUTED,
  ...MASKED,
];
