import { binaryCrossEntropyWithLogits, huber, l1, meanSquaredError } from "../losses/elementwise.ts";
import type { Loss } from "../losses/loss.ts";
import { softmaxCrossEntropy } from "../losses/softmax-cross-entropy.ts";
import { adam, adamW } from "../optimisers/adam.ts";
import { lion } from "../optimisers/lion.ts";
import { sgd } from "../optimisers/sgd.ts";
import type { Transform } from "../optimisers/transform.ts";

/** What the options of a loss come from. */
export interface LossFlags {
  readonly labelSmoothing?: number | undefined;
}

/** What the options of an optimiser come from; those that are not given keep the optimiser's own default. */
export interface OptimiserFlags {
  readonly weightDecay?: number | undefined;
  readonly momentum?: number | undefined;
}

export const LOSSES = {
  "softmax-cross-entropy": ({ labelSmoothing }) =>
    softmaxCrossEntropy(labelSmoothing === undefined ? {} : { labelSmoothing }),
  "binary-cross-entropy-with-logits": () => binaryCrossEntropyWithLogits(),
  "mean-squared-error": () => meanSquaredError(),
  l1: () => l1(),
  huber: () => huber(),
} satisfies Record<string, (flags: LossFlags) => Loss>;

const decay = ({ weightDecay }: OptimiserFlags) => (weightDecay === undefined ? {} : { weightDecay });

export const OPTIMISERS = {
  sgd: ({ momentum = 0, ...flags }) => sgd({ momentum, ...decay(flags) }),
  adam: (flags) => adam(decay(flags)),
  adamw: (flags) => adamW(decay(flags)),
  lion: (flags) => lion(decay(flags)),
} satisfies Record<string, (flags: OptimiserFlags) => Transform>;

export const lossNames = Object.keys(LOSSES) as (keyof typeof LOSSES)[];
export const optimiserNames = Object.keys(OPTIMISERS) as (keyof typeof OPTIMISERS)[];
