import type { Recipe } from "./recipe.ts";

/** 9,902 parameters and 1 M multiplications a picture, `digits` in small: a model of some tens of kilobytes. */
export const digitsTiny: Recipe = {
  name: "digits-tiny",
  summary: "9.9 k parameters, for the smallest download",
  network: [
    { kind: "conv", filters: 12, kernel: 3, pool: 2 },
    { kind: "conv", filters: 16, kernel: 3 },
    { kind: "conv", filters: 16, kernel: 3, pool: 2 },
    { kind: "conv", filters: 24, kernel: 3, pool: 2 },
    { kind: "dense", units: "classes" },
  ],
  epochs: 30,
  batchSize: 128,
  schedule: { kind: "one-cycle", peak: 1e-2, warmUp: 0.25 },
  weightDecay: 1e-3,
  labelSmoothing: 0,
  ema: { decay: 0.995 },
  augmentation: { affine: { rotate: 10, scale: 0.1, shear: 0.1, shift: 1.5 } },
};
