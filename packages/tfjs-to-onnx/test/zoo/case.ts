import { type Feed, feedsOf, tfl } from "../../src/testing.ts";

export type Layer = Parameters<tfl.Sequential["add"]>[0];
export type Symbolic = tfl.SymbolicTensor;

/** A model of a few layers that shows one option of one of them. */
export interface Case {
  readonly name: string;
  readonly model: () => tfl.LayersModel;
  /** What to run it on; random numbers by default. */
  readonly feeds?: (model: tfl.LayersModel, batch: number) => readonly Feed[];
}

/** A case of layers one after the other. A null in the shape is an extent that the file leaves open. */
export const chain = (
  name: string,
  inputShape: readonly (number | null)[],
  layers: () => Layer[],
  feeds?: Case["feeds"],
): Case => ({
  name,
  model: () => tfl.sequential({ layers: [tfl.layers.inputLayer({ inputShape: [...inputShape] }), ...layers()] }),
  ...(feeds && { feeds }),
});

/** A case of one input and whatever becomes of it. */
export const graph = (
  name: string,
  inputShape: readonly (number | null)[],
  outputs: (x: Symbolic) => Symbolic | Symbolic[],
  feeds?: Case["feeds"],
): Case => ({
  name,
  model: () => {
    const x = tfl.input({ shape: [...inputShape] });
    return tfl.model({ inputs: x, outputs: outputs(x) });
  },
  ...(feeds && { feeds }),
});

/** Integers from 0 to `count` − 1 where random numbers would be. */
export const integers =
  (count: number) =>
  (model: tfl.LayersModel, batch: number): readonly Feed[] =>
    feedsOf(model, batch).map(({ data, shape }, i) => {
      const whole = Array.from(data, (value) => Math.floor(((value + 1) / 2) * count));
      const int = model.inputs[i]!.dtype === "int32";
      return { data: int ? Int32Array.from(whole) : Float32Array.from(whole), shape };
    });

/** Every combination of one of each. */
export const product = <const T extends readonly (readonly unknown[])[]>(
  ...choices: T
): { -readonly [K in keyof T]: T[K][number] }[] =>
  choices.reduce<unknown[][]>(
    (rows, options) => rows.flatMap((row) => options.map((option) => [...row, option])),
    [[]],
  ) as { -readonly [K in keyof T]: T[K][number] }[];
