import type { Recipe } from "./recipe.ts";

/** 8,202 parameters: a digit model of some tens of kilobytes. */
export const digitsTiny: Recipe = {
  name: "digits-tiny",
  summary: "8 k parameters, for the smallest download",
  network: [
    { kind: "conv", filters: 8, kernel: 3 },
    { kind: "conv", filters: 12, kernel: 3, pool: 2 },
    { kind: "conv", filters: 16, kernel: 3 },
    { kind: "conv", filters: 16, kernel: 3, pool: 2 },
    { kind: "conv", filters: 20, kernel: 3 },
    { kind: "global-average" },
    { kind: "dense", units: "classes" },
  ],
  epochs: 15,
  batchSize: 128,
  schedule: { kind: "one-cycle", peak: 1e-2, warmUp: 0.25 },
  weightDecay: 2e-3,
  labelSmoothing: 0.02,
  ema: { decay: 0.995 },
  augmentation: { affine: { rotate: 10, scale: 0.1, shear: 0.1, shift: 1.5 } },
};
