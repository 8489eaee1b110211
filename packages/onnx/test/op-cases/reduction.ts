import fc from "fast-check";
import { int64 } from "../../src/index.ts";
import { axesOf, axisOf, type Cases, flag, maybe, merge, ones, shapes, vector } from "./tensors.ts";

/** Axes as an attribute, as an input, or not at all. */
const reduce = (inputFrom: number): Cases =>
  shapes(1, 4).chain((shape) =>
    fc
      .record({
        axes: fc.option(axesOf(shape.length), { nil: undefined }),
        keep: maybe("keepdims", flag),
        noop: flag,
        opset: fc.constantFrom(11, 13, 17, 18),
      })
      .map(({ axes, keep, noop, opset }) => {
        if (opset < inputFrom)
          return { inputs: [ones(shape)], attributes: { ...keep, ...(axes?.length && { axes }) }, opset };
        return {
          inputs: [ones(shape), axes && vector(axes)],
          constants: [1],
          attributes: { ...keep, noop_with_empty_axes: noop },
          opset,
        };
      }),
  );

const argExtreme: Cases = shapes(1, 4).chain((shape) =>
  merge(maybe("axis", axisOf(shape.length)), maybe("keepdims", flag), maybe("select_last_index", flag)).map(
    (attributes) => ({
      inputs: [ones(shape)],
      attributes,
    }),
  ),
);

const topK: Cases = shapes(1, 3).chain((shape) =>
  fc.tuple(axisOf(shape.length), fc.constantFrom(9, 17), fc.nat(10)).map(([axis, opset, seed]) => {
    const k = 1 + (seed % shape.at(axis)!);
    return opset < 10
      ? { inputs: [ones(shape)], attributes: { axis, k }, outputs: 2, opset }
      : { inputs: [ones(shape), vector([k])], constants: [1], attributes: { axis }, outputs: 2, opset };
  }),
);

const alongAxis: Cases = shapes(1, 4).chain((shape) =>
  maybe("axis", axisOf(shape.length)).map((attributes) => ({ inputs: [ones(shape)], attributes })),
);

export const REDUCTION_CASES: Readonly<Record<string, Cases>> = {
  ...Object.fromEntries(
    "L1 L2 LogSum LogSumExp Max Mean Min Prod SumSquare".split(" ").map((kind) => [`Reduce${kind}`, reduce(18)]),
  ),
  ReduceSum: reduce(13),
  ArgMax: argExtreme,
  ArgMin: argExtreme,
  TopK: topK,
  Softmax: alongAxis,
  LogSoftmax: alongAxis,
  Hardmax: alongAxis,
  CumSum: shapes(1, 3).chain((shape) =>
    axisOf(shape.length).map((axis) => ({ inputs: [ones(shape), int64([], [axis])], constants: [1] })),
  ),
};
