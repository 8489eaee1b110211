import fc from "fast-check";
import { scalar } from "../../src/index.ts";
import { axesOf, axisOf, bool, type Cases, flag, maybe, ones, shapes } from "./tensors.ts";

const perChannel = (shape: readonly number[], count: number) => Array.from({ length: count }, () => ones([shape[1]!]));

export const NORMALISATION_CASES: Readonly<Record<string, Cases>> = {
  BatchNormalization: fc.tuple(shapes(2, 5), flag).map(([shape, training_mode]) => ({
    inputs: [ones(shape), ...perChannel(shape, 4)],
    attributes: { training_mode, momentum: 0.9 },
    outputs: training_mode ? 3 : 1,
  })),
  InstanceNormalization: shapes(3, 5).map((shape) => ({ inputs: [ones(shape), ...perChannel(shape, 2)] })),
  GroupNormalization: shapes(3, 4).map(([batch, channels, ...rest]) => ({
    inputs: [ones([batch!, 2 * channels!, ...rest]), ...perChannel([batch!, 2 * channels!], 2)],
    attributes: { num_groups: 2 },
    opset: 21,
  })),
  LRN: shapes(4, 4).map((shape) => ({ inputs: [ones(shape)], attributes: { size: 3 } })),
  LayerNormalization: shapes(1, 4).chain((shape) =>
    fc.tuple(axisOf(shape.length), fc.constantFrom(1, 3)).map(([axis, outputs]) => {
      const scale = ones(shape.slice(axis));
      return { inputs: [ones(shape), scale, scale], attributes: { axis }, outputs };
    }),
  ),
  LpNormalization: shapes(1, 4).chain((shape) =>
    maybe("axis", axisOf(shape.length)).map((attributes) => ({ inputs: [ones(shape)], attributes })),
  ),
  MeanVarianceNormalization: shapes(4, 4).chain((shape) =>
    maybe("axes", axesOf(4, 1)).map((attributes) => ({ inputs: [ones(shape)], attributes })),
  ),
  Dropout: fc
    .tuple(shapes(1, 4), fc.constantFrom(1, 2), fc.boolean(), fc.constantFrom(10, 17))
    .map(([shape, outputs, training, opset]) =>
      opset < 12
        ? { inputs: [ones(shape)], attributes: { ratio: 0.5 }, outputs, opset }
        : { inputs: [ones(shape), scalar(0.5), bool(training)], constants: [1, 2], outputs, opset },
    ),
};
