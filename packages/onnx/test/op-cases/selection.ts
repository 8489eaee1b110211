import fc from "fast-check";
import { scalar } from "../../src/index.ts";
import {
  axesOf,
  axisOf,
  type Cases,
  emptyableShapes,
  extent,
  flag,
  ints,
  maybe,
  ones,
  shapes,
  vector,
} from "./tensors.ts";

const FAR = [2 ** 31 - 1, 2 ** 63, -(2 ** 31), -(2 ** 63)];

const concat: Cases = emptyableShapes(1, 4).chain((shape) =>
  fc
    .tuple(axisOf(shape.length), fc.array(fc.nat({ max: 4 }), { minLength: 1, maxLength: 3 }))
    .map(([axis, extents]) => ({
      inputs: extents.map((size) => ones(shape.with(axis, size))),
      attributes: { axis },
    })),
);

const split: Cases = shapes(1, 3).chain((shape) =>
  fc
    .tuple(
      axisOf(shape.length),
      fc.array(fc.nat({ max: 4 }), { minLength: 1, maxLength: 3 }),
      fc.constantFrom("sizes", "even", "uneven", "attribute"),
      extent,
    )
    .map(([axis, sizes, how, chunk]) => {
      const outputs = sizes.length;
      const of = (size: number) => ones(shape.with(axis, size));
      const total = sizes.reduce((a, b) => a + b, 0);
      if (how === "sizes") return { inputs: [of(total), vector(sizes)], constants: [1], attributes: { axis }, outputs };
      if (how === "attribute") return { inputs: [of(total)], attributes: { axis, split: sizes }, outputs, opset: 11 };
      if (how === "even") return { inputs: [of(chunk * outputs)], attributes: { axis }, outputs };
      const size = chunk * outputs - (chunk > 1 ? 1 : 0);
      return { inputs: [of(size)], attributes: { axis, num_outputs: outputs }, outputs, opset: 18 };
    }),
);

const slice: Cases = emptyableShapes(1, 4).chain((shape) => {
  const bound = fc.oneof(fc.integer({ min: -7, max: 7 }), fc.constantFrom(...FAR));
  return axesOf(shape.length, 1).chain((axes) =>
    fc
      .tuple(
        fc.array(fc.tuple(bound, bound, fc.constantFrom(1, 1, 2, 3, -1, -1, -2)), {
          minLength: axes.length,
          maxLength: axes.length,
        }),
        fc.constantFrom("all", "no steps", "no axes", "attributes"),
      )
      .map(([bounds, form]) => {
        const [starts, ends, steps] = [0, 1, 2].map((i) => bounds.map((item) => item[i]!)) as [
          number[],
          number[],
          number[],
        ];
        const head = [ones(shape), vector(starts), vector(ends)];
        if (form === "all") return { inputs: [...head, vector(axes), vector(steps)], constants: [1, 2, 3, 4] };
        if (form === "no steps") return { inputs: [...head, vector(axes)], constants: [1, 2, 3] };
        if (form === "no axes") return { inputs: head, constants: [1, 2] };
        return { inputs: [ones(shape)], attributes: { starts, ends, axes }, opset: 9 };
      }),
  );
});

const pad: Cases = shapes(1, 4).chain((shape) =>
  axesOf(shape.length, 1).chain((axes) =>
    fc
      .tuple(
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 2 * shape.length, maxLength: 2 * shape.length }),
        fc.constantFrom("inputs", "value", "attribute", "axes", "crop"),
      )
      .map(([pads, form]) => {
        if (form === "attribute") return { inputs: [ones(shape)], attributes: { pads, value: 2 }, opset: 10 };
        if (form === "value") return { inputs: [ones(shape), vector(pads), scalar(2)], constants: [1, 2] };
        if (form === "axes")
          return {
            inputs: [ones(shape), vector(pads.slice(0, 2 * axes.length)), undefined, vector(axes)],
            constants: [1, 3],
            opset: 18,
          };
        const cropped = pads.map((_, i) => (i < shape.length ? 0 : 1 - shape[i - shape.length]!));
        return { inputs: [ones(shape), vector(form === "crop" ? cropped : pads)], constants: [1] };
      }),
  ),
);

const gather: Cases = fc
  .tuple(shapes(1, 3), emptyableShapes(0, 3))
  .chain(([shape, indices]) =>
    maybe("axis", axisOf(shape.length)).map((attributes) => ({ inputs: [ones(shape), ints(indices, 0)], attributes })),
  );

const gatherElements: Cases = shapes(1, 3).chain((shape) =>
  fc.tuple(axisOf(shape.length), extent).map(([axis, size]) => ({
    inputs: [ones(shape), ints(shape.with(axis, size), 0)],
    attributes: { axis },
  })),
);

const gatherND: Cases = fc
  .record({ batch: shapes(0, 1), outer: shapes(0, 2), deep: shapes(1, 2), rest: shapes(0, 1) })
  .map(({ batch, outer, deep, rest }) => ({
    inputs: [ones([...batch, ...deep, ...rest]), ints([...batch, ...outer, deep.length], 0)],
    attributes: { batch_dims: batch.length },
  }));

/** Where each element of `indices` goes; all to the first place. */
const scatterElements: Cases = shapes(1, 3).map((shape) => {
  const one = shape.map(() => 1);
  return { inputs: [ones(shape), ints(one, 0), ones(one)] };
});

const scatterND: Cases = shapes(1, 3).map((shape) => ({
  inputs: [ones(shape), ints([1, shape.length], 0), ones([1])],
}));

export const SELECTION_CASES: Readonly<Record<string, Cases>> = {
  Concat: concat,
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherND,
  NonZero: emptyableShapes(0, 3).map((shape) => ({ inputs: [ones(shape)], dependsOnData: true })),
  Pad: pad,
  ReverseSequence: shapes(2, 3).map(([steps, batch, ...rest]) => ({
    inputs: [ones([steps!, batch!, ...rest]), ints([batch!])],
  })),
  ScatterElements: scatterElements,
  ScatterND: scatterND,
  Slice: slice,
  Split: split,
  Trilu: fc.tuple(shapes(2, 4), flag).map(([shape, upper]) => ({ inputs: [ones(shape)], attributes: { upper } })),
};
