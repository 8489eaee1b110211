import type { Recipe } from "./recipe.ts";

/** For pictures of any size from 8 pixels a side on, grey or in colour: a small network whose head averages. */
export const images: Recipe = {
  name: "images",
  summary: "any picture folder, 120 k parameters",
  network: [
    { kind: "conv", filters: 24, kernel: 3 },
    { kind: "conv", filters: 32, kernel: 3, pool: 2 },
    { kind: "conv", filters: 64, kernel: 3, pool: 2 },
    { kind: "conv", filters: 96, kernel: 3, pool: 2 },
    { kind: "conv", filters: 48, kernel: 3 },
    { kind: "global-average" },
    { kind: "dense", units: "classes" },
  ],
  epochs: 20,
  batchSize: 16,
  schedule: { kind: "one-cycle", peak: 4e-3, warmUp: 0.25 },
  weightDecay: 1e-2,
  labelSmoothing: 0.05,
  ema: { decay: 0.9 },
  augmentation: { affine: { rotate: 10, scale: 0.12, shear: 0.1, shift: 2 }, beyond: "edge" },
};
