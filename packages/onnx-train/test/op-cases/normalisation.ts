import { float32, tensor } from "@glyphcast/onnx";
import fc from "fast-check";
import type { OpCase } from "../numeric.ts";
import { axisOf, extent, flag, floats, type Spread, seeds, shapes, spread } from "../values.ts";
import { type OpCases, SMOOTH, STEEP, STRAIGHT } from "./op-cases.ts";

type Case = Omit<OpCase, "op">;

const smooth: Spread = { from: -2, to: 2, kinks: [] };
const rows = fc.boolean();
/** Large enough that the third derivative stays small where a few values happen to lie close together. */
const epsilon = 0.1;

const batchNormalization: fc.Arbitrary<Case> = fc
  .record({
    batch: fc.integer({ min: 2, max: 4 }),
    channels: extent,
    spatial: shapes(0, 2, 3),
    training_mode: flag,
    rows,
    seed: seeds,
  })
  .map(({ batch, channels, spatial, training_mode, rows, seed }) => {
    const vector = [channels];
    const [x, scale, bias, mean] = spread([[batch, channels, ...spatial], vector, vector, vector], seed, smooth);
    const [variance] = spread([vector], seed, { from: 0.5, to: 2 });
    return {
      inputs: [x, scale, bias, mean, variance],
      constants: [3, 4],
      attributes: { training_mode, epsilon },
      // The running statistics come out beside, and have no gradient.
      outputs: training_mode === 1 ? 3 : 1,
      watched: 1,
      rows,
    };
  });

const layerNormalization: fc.Arbitrary<Case> = shapes(1, 4, 3).chain((shape) =>
  fc
    .record({ axis: axisOf(shape.length), bias: fc.boolean(), outputs: fc.constantFrom(1, 1, 3), seed: seeds })
    .map(({ axis, bias, outputs, seed }) => {
      // Of one or two elements the result hardly depends on them: only rounding would be compared.
      const whole = [...shape.slice(0, -1), shape.at(-1)! + 3];
      const normal = whole.slice(axis < 0 ? axis + whole.length : axis);
      return {
        inputs: spread([whole, normal, ...(bias ? [normal] : [])], seed, smooth),
        attributes: { axis, epsilon },
        outputs,
      };
    }),
);

const instanceNormalization: fc.Arbitrary<Case> = fc
  .tuple(shapes(1, 1), extent, shapes(0, 2, 3), rows)
  .chain(([[batch = 1], channels, spatial, rows]) =>
    floats([[batch, channels, 4, ...spatial], [channels], [channels]], smooth).map((inputs) => ({
      inputs,
      attributes: { epsilon },
      rows,
    })),
  );

/** Scale and bias stand for groups in opset 18, and for channels from 21 on. */
const groupNormalization: fc.Arbitrary<Case> = fc
  .record({
    batch: fc.integer({ min: 1, max: 2 }),
    num_groups: fc.integer({ min: 1, max: 3 }),
    inside: fc.integer({ min: 1, max: 2 }),
    spatial: shapes(0, 1, 3),
    opset: fc.constantFrom(18, 21),
    rows,
  })
  .chain(({ batch, num_groups, inside, spatial, opset, rows }) => {
    const channels = num_groups * inside;
    const vector = [opset === 18 ? num_groups : channels];
    return floats([[batch, channels, 4, ...spatial], vector, vector], smooth).map((inputs) => ({
      inputs,
      attributes: { num_groups, epsilon },
      opset,
      rows,
    }));
  });

const lrn: fc.Arbitrary<Case> = fc
  .record({
    shape: shapes(4, 4, 3),
    // onnxruntime wants images and odd sizes.
    size: fc.constantFrom(1, 3, 5),
    alpha: fc.constantFrom(0.1, 1),
    beta: fc.constantFrom(0.75, 0.5),
    bias: fc.constantFrom(1, 2),
    rows,
  })
  .chain(({ shape: [batch = 1, channels = 1, ...spatial], rows, ...attributes }) =>
    floats([[batch, channels + 2, ...spatial]], smooth).map((inputs) => ({ inputs, attributes, rows })),
  );

/** Inactive: with a mask it is random, and has a test of its own. */
const dropout: fc.Arbitrary<Case> = shapes(1, 3).chain((shape) =>
  floats([shape], smooth).map((inputs) => ({
    inputs: [...inputs, float32([], [0.5]), tensor("bool", [], Uint8Array.of(0))],
    constants: [1],
  })),
);

export const NORMALISATION_CASES = {
  BatchNormalization: { cases: batchNormalization, precision: STEEP },
  LayerNormalization: { cases: layerNormalization, precision: STEEP },
  GroupNormalization: { cases: groupNormalization, precision: STEEP },
  InstanceNormalization: { cases: instanceNormalization, precision: STEEP },
  LRN: { cases: lrn, precision: SMOOTH },
  Dropout: { cases: dropout, precision: STRAIGHT },
} satisfies Record<string, OpCases>;
