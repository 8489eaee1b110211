import { tfl } from "../../src/testing.ts";
import { type Case, chain, graph, integers, product, type Symbolic } from "./case.ts";

const l = tfl.layers;

/** Normalised and not. */
const dot = (name: string, shapes: readonly (readonly number[])[], axes: number | [number, number]): readonly Case[] =>
  [false, true].map((normalize) => ({
    name: `Dot ${name}${normalize ? ", normalised" : ""}`,
    model: () => {
      const inputs = shapes.map((shape) => tfl.input({ shape: [...shape] }));
      return tfl.model({ inputs, outputs: l.dot({ axes, normalize }).apply(inputs) as Symbolic });
    },
  }));

export const FEATURES: readonly Case[] = [
  ...dot("of vectors", [[4], [4]], 1),
  ...dot("of vectors, from the end", [[4], [4]], -1),
  ...dot(
    "of matrices, rows with rows",
    [
      [3, 4],
      [5, 4],
    ],
    2,
  ),
  ...dot(
    "of matrices, columns with columns",
    [
      [4, 3],
      [4, 5],
    ],
    1,
  ),
  ...dot(
    "of matrices, rows with columns",
    [
      [3, 4],
      [4, 5],
    ],
    [2, 1],
  ),
  ...dot(
    "of matrices, columns with rows",
    [
      [4, 3],
      [5, 4],
    ],
    [1, 2],
  ),
  ...dot("of a matrix and a vector", [[3, 4], [4]], [2, 1]),
  ...dot("of a matrix's columns and a vector", [[4, 3], [4]], [1, 1]),
  ...dot("of a vector and a matrix", [[4], [4, 5]], [1, 1]),
  ...dot("of a vector and a matrix's rows", [[4], [5, 4]], [1, 2]),
  graph("Dot of convolutions", [9, 3], (x) => {
    const [a, b] = [1, 2].map(() => l.conv1d({ filters: 4, kernelSize: 3 }).apply(x) as Symbolic) as [
      Symbolic,
      Symbolic,
    ];
    return l.dot({ axes: [2, 2] }).apply([a, b]) as Symbolic;
  }),
  chain("Embedding", [4], () => [l.embedding({ inputDim: 7, outputDim: 3 })], integers(7)),
  chain(
    "Embedding of an open number of words",
    [null],
    () => [l.embedding({ inputDim: 7, outputDim: 3 })],
    integers(7),
  ),
  chain(
    "Embedding of words by lines",
    [2, 3],
    () => [l.embedding({ inputDim: 7, outputDim: 3, inputLength: [2, 3] })],
    integers(7),
  ),
  chain(
    "Embedding of what is not whole",
    [4],
    () => [l.rescaling({ scale: 0.9 }), l.embedding({ inputDim: 7, outputDim: 3 })],
    integers(7),
  ),
  {
    name: "Embedding of integers, and the integers as numbers",
    model: () => {
      const x = tfl.input({ shape: [4], dtype: "int32" });
      const y = l.flatten().apply(l.embedding({ inputDim: 7, outputDim: 2, maskZero: true }).apply(x)) as Symbolic;
      return tfl.model({ inputs: x, outputs: [y, l.dense({ units: 2 }).apply(x) as Symbolic] });
    },
    feeds: integers(7),
  },
  chain(
    "Embedding with maskZero, which Flatten loses",
    [4],
    () => [
      l.embedding({ inputDim: 7, outputDim: 3, maskZero: true }),
      l.activation({ activation: "tanh" }),
      l.flatten(),
      l.dense({ units: 2, activation: "softmax" }),
    ],
    integers(7),
  ),
  ...product(
    [undefined, 1],
    [
      [4, 3],
      [null, 3],
    ],
  ).map(([maskValue, shape]) =>
    chain(
      `Masking of ${maskValue ?? 0}, ${shape[0] ?? "open"}`,
      shape,
      () => [l.masking({ ...(maskValue && { maskValue }) })],
      integers(2),
    ),
  ),
];
