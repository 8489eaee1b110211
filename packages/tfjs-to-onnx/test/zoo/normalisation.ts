import { tfl } from "../../src/testing.ts";
import { type Case, chain, product } from "./case.ts";

const l = tfl.layers;

/** LayerNormalization over every set of axes, as the values come in and as a convolution holds them. */
export const NORMALISATIONS: readonly Case[] = [
  ...product([-1, 1, [1, 2], [2, 3], [1, 2, 3], [1, 3]], [true, false], [false, true]).map(([axis, whole, conv]) =>
    chain(`LayerNormalization ${axis}${whole ? "" : ", bare"}${conv ? ", after Conv2D" : ""}`, [4, 5, 3], () => [
      ...(conv ? [l.conv2d({ filters: 3, kernelSize: 1 })] : []),
      l.layerNormalization({
        axis: typeof axis === "number" ? axis : [...axis],
        center: whole,
        scale: whole,
        epsilon: whole ? 0.1 : 1e-3,
      }),
    ]),
  ),
  chain("LayerNormalization of features", [5], () => [l.layerNormalization({})]),
  chain("LayerNormalization of steps, between dense layers", [null, 5], () => [
    l.dense({ units: 4 }),
    l.layerNormalization({}),
    l.dense({ units: 3 }),
  ]),
  chain("LayerNormalization of a flattened image", [4, 5, 3], () => [
    l.conv2d({ filters: 2, kernelSize: 2 }),
    l.flatten(),
    l.layerNormalization({}),
    l.dense({ units: 3 }),
  ]),
];
