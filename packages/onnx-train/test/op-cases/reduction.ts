import fc from "fast-check";
import type { OpCase } from "../numeric.ts";
import { axesOf, axisOf, flag, floats, type Spread, shapes, vector } from "../values.ts";
import { KINKED, type OpCases, SMOOTH, STRAIGHT } from "./op-cases.ts";

type Case = Omit<OpCase, "op">;

/** Axes as an attribute, as an input, or not at all. */
const reduce = (inputFrom: 13 | 18, values: Spread): fc.Arbitrary<Case> =>
  shapes(1, 4, 3).chain((shape) =>
    fc
      .record({
        inputs: floats([shape], values),
        axes: fc.option(axesOf(shape.length, 1), { nil: undefined }),
        keepdims: flag,
        noop_with_empty_axes: flag,
        opset: fc.constantFrom(17, 18),
      })
      .map(({ inputs, axes, keepdims, noop_with_empty_axes, opset }) =>
        opset < inputFrom
          ? { inputs, attributes: { keepdims, ...(axes && { axes }) }, opset }
          : { inputs: [...inputs, axes && vector(axes)], attributes: { keepdims, noop_with_empty_axes }, opset },
      ),
  );

const along = (values: Spread): fc.Arbitrary<Case> =>
  shapes(1, 4, 3).chain((shape) =>
    fc
      .record({
        inputs: floats([shape], values),
        axis: fc.option(axisOf(shape.length), { nil: undefined }),
        rows: fc.boolean(),
      })
      .map(({ inputs, axis, rows }) => ({ inputs, attributes: axis === undefined ? {} : { axis }, rows })),
  );

const smooth: Spread = { from: -2, to: 2, kinks: [] };
/** Far enough apart that no two change places within a step. */
const apart: Spread = { gap: 0.03, kinks: [] };

export const REDUCTION_CASES = {
  ReduceSum: { cases: reduce(13, smooth), precision: STRAIGHT },
  ReduceMean: { cases: reduce(18, smooth), precision: STRAIGHT },
  ReduceMax: { cases: reduce(18, apart), precision: KINKED },
  ReduceMin: { cases: reduce(18, apart), precision: KINKED },
  ReduceProd: { cases: reduce(18, { from: 0.6, to: 1.4 }), precision: STRAIGHT },
  ReduceL1: { cases: reduce(18, { from: -2, to: 2 }), precision: KINKED },
  ReduceL2: { cases: reduce(18, { from: -2, to: 2 }), precision: SMOOTH },
  ReduceSumSquare: { cases: reduce(18, smooth), precision: STRAIGHT },
  ReduceLogSum: { cases: reduce(18, { from: 0.5, to: 2 }), precision: SMOOTH },
  ReduceLogSumExp: { cases: reduce(18, smooth), precision: SMOOTH },
  Softmax: { cases: along(smooth), precision: SMOOTH },
  LogSoftmax: { cases: along(smooth), precision: SMOOTH },
} satisfies Record<string, OpCases>;
