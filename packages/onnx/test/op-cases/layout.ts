import fc from "fast-check";
import { float32, int64, PROTO_TYPE_OF, scalar, tensor } from "../../src/index.ts";
import {
  axesOf,
  axisOf,
  broadcastable,
  type Cases,
  emptyableShapes,
  extent,
  flag,
  floatVector,
  ints,
  maybe,
  merge,
  ones,
  shapes,
  vector,
} from "./tensors.ts";

const FAR = [2 ** 31 - 1, 2 ** 63, -(2 ** 31), -(2 ** 63)];

/** A shape with the same number of elements: extents regrouped, some left open or copied. */
const reshape: Cases = shapes(1, 4).chain((shape) =>
  fc
    .record({
      join: fc.nat({ max: shape.length - 1 }),
      open: fc.option(fc.nat({ max: 4 }), { nil: -1 }),
      copy: fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
      split: fc.boolean(),
    })
    .map(({ join, open, copy, split }) => {
      const joined = shape.flatMap((dim, axis) =>
        axis === join && axis > 0 ? [] : [axis === join - 1 ? dim * shape[join]! : dim],
      );
      const target = split ? [...joined, 1] : joined;
      return {
        inputs: [
          ones(shape),
          vector(target.map((dim, axis) => (axis === open ? -1 : copy[axis] && shape[axis] === dim ? 0 : dim))),
        ],
        constants: [1],
      };
    }),
);

const squeeze: Cases = fc
  .tuple(
    fc.array(fc.constantFrom(1, 1, 2, 3), { maxLength: 4 }),
    fc.constantFrom("none", "some"),
    fc.constantFrom(11, 17),
    fc.boolean(),
  )
  .map(([shape, which, opset, fromEnd]) => {
    const single = shape.flatMap((dim, axis) => (dim === 1 ? [fromEnd ? axis - shape.length : axis] : []));
    const axes = single.filter((_, i) => i % 2 === 0);
    if (which === "none" || axes.length === 0) return { inputs: [ones(shape)], opset };
    return opset < 13
      ? { inputs: [ones(shape)], attributes: { axes }, opset }
      : { inputs: [ones(shape), vector(axes)], constants: [1], opset };
  });

const unsqueeze: Cases = fc
  .tuple(emptyableShapes(0, 3), fc.integer({ min: 1, max: 2 }), fc.constantFrom(11, 17))
  .chain(([shape, count, opset]) =>
    axesOf(shape.length + count, count).map((all) => {
      const axes = all.slice(0, count);
      const grown = shape.length + axes.length;
      const valid = axes.map((axis) => (axis < 0 ? axis + shape.length + count : axis) % grown);
      return opset < 13
        ? { inputs: [ones(shape)], attributes: { axes: valid }, opset }
        : {
            inputs: [ones(shape), vector(valid.map((axis) => (axis % 2 ? axis - grown : axis)))],
            constants: [1],
            opset,
          };
    }),
  );

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

const expand: Cases = broadcastable(2).map(([shape, target]) => ({
  inputs: [ones(shape!), vector(target!)],
  constants: [1],
}));

const tile: Cases = shapes(1, 4).chain((shape) =>
  fc
    .array(fc.nat({ max: 3 }), { minLength: shape.length, maxLength: shape.length })
    .map((repeats) => ({ inputs: [ones(shape), vector(repeats)], constants: [1] })),
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

/** Up to 8, for 1/49 · 49 is not 1. */
const blocks = (grow: boolean): Cases =>
  fc.tuple(shapes(4, 4), fc.integer({ min: 1, max: 8 })).map(([[n, c, h, w], size]) => ({
    inputs: [ones(grow ? [n!, c! * size ** 2, h!, w!] : [n!, c!, h! * size, w! * size])],
    attributes: { blocksize: size },
  }));

const resize: Cases = shapes(2, 4).chain((shape) =>
  fc
    .record({
      sizes: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: shape.length, maxLength: shape.length }),
      // Multiples of 0.1: none but 0.5, 1, 1.5 … is a double or a float.
      tenths: fc.array(fc.integer({ min: 3, max: 35 }), { minLength: shape.length, maxLength: shape.length }),
      big: fc.array(fc.integer({ min: 10, max: 60 }), { minLength: shape.length, maxLength: shape.length }),
      form: fc.constantFrom("sizes", "scales", "opset 10", "axes", "not_larger", "not_smaller"),
    })
    .map(({ sizes, tenths, big, form }) => {
      const last = shape.length - 1;
      const wide = shape.map((dim, axis) => (axis === last ? big[axis]! : dim));
      const scales = tenths.map((value, axis) => (axis === last ? Math.max(value, 4) / 10 : Math.max(1, value / 10)));
      const attributes = { mode: "nearest" };
      if (form === "scales")
        return { inputs: [ones(wide), undefined, floatVector(scales)], constants: [2], attributes };
      if (form === "opset 10")
        return { inputs: [ones(wide), floatVector(scales)], constants: [1], attributes, opset: 10 };
      const inputs = [ones(shape), undefined, undefined, vector(sizes)];
      if (form === "sizes") return { inputs, constants: [3], attributes };
      if (form === "axes")
        return {
          inputs: [...inputs.slice(0, 3), vector(sizes.slice(0, 1))],
          constants: [3],
          attributes: { ...attributes, axes: [last] },
          opset: 18,
        };
      return { inputs, constants: [3], attributes: { ...attributes, keep_aspect_ratio_policy: form }, opset: 18 };
    }),
);

const oneHot: Cases = emptyableShapes(1, 3).chain((shape) =>
  fc.tuple(maybe("axis", axisOf(shape.length + 1)), extent).map(([attributes, depth]) => ({
    inputs: [ints(shape, 0), int64([], [depth]), floatVector([0, 1])],
    constants: [1],
    attributes,
  })),
);

const range: Cases = fc
  .record({
    start: fc.integer({ min: -50, max: 50 }),
    limit: fc.integer({ min: -50, max: 50 }),
    delta: fc.integer({ min: 1, max: 9 }),
    sign: fc.constantFrom(1, -1),
    dtype: fc.constantFrom("int64", "int32", "float32", "float64"),
  })
  .map(({ start, limit, delta, sign, dtype }) => {
    const numbers = [start, limit, delta * sign];
    const tenths = numbers.map((value) => value / 10);
    const inputs = {
      int64: numbers.map((value) => int64([], [value])),
      int32: numbers.map((value) => tensor("int32", [], Int32Array.of(value))),
      float32: tenths.map((value) => float32([], [value])),
      float64: tenths.map((value) => tensor("float64", [], Float64Array.of(value))),
    };
    return { inputs: inputs[dtype], constants: [0, 1, 2] };
  });

const constant: Cases = fc
  .constantFrom(
    { value: tensor("int32", [2, 1], Int32Array.of(1, 2)) },
    { value_int: 3 },
    { value_ints: [3, 4] },
    { value_float: 3 },
    { value_floats: [3, 4, 5] },
    { value_string: "a" },
    { value_strings: ["a", "b"] },
  )
  .map((attributes) => ({ inputs: [], attributes }));

export const LAYOUT_CASES: Readonly<Record<string, Cases>> = {
  Concat: concat,
  Constant: constant,
  ConstantOfShape: fc
    .tuple(emptyableShapes(0, 3), maybe("value", fc.constant(tensor("int64", [1], BigInt64Array.of(3n)))))
    .map(([shape, attributes]) => ({ inputs: [vector(shape)], constants: [0], attributes })),
  DepthToSpace: blocks(true),
  Expand: expand,
  EyeLike: fc
    .tuple(
      shapes(2, 2),
      maybe("dtype", fc.constantFrom(PROTO_TYPE_OF.int64, PROTO_TYPE_OF.float64)),
      maybe("k", fc.integer({ min: -1, max: 1 })),
    )
    .map(([shape, dtype, k]) => ({ inputs: [ones(shape)], attributes: { ...dtype, ...k } })),
  Flatten: emptyableShapes(1, 4).chain((shape) =>
    maybe("axis", fc.integer({ min: -shape.length, max: shape.length })).map((attributes) => ({
      inputs: [ones(shape)],
      attributes,
    })),
  ),
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherND,
  NonZero: emptyableShapes(0, 3).map((shape) => ({ inputs: [ones(shape)], dependsOnData: true })),
  OneHot: oneHot,
  Pad: pad,
  Range: range,
  Reshape: reshape,
  Resize: resize,
  ReverseSequence: shapes(2, 3).map(([steps, batch, ...rest]) => ({
    inputs: [ones([steps!, batch!, ...rest]), ints([batch!])],
  })),
  ScatterElements: scatterElements,
  ScatterND: scatterND,
  Shape: emptyableShapes(0, 4).chain((shape) =>
    merge(maybe("start", fc.integer({ min: -6, max: 6 })), maybe("end", fc.integer({ min: -6, max: 6 }))).map(
      (attributes) => ({
        inputs: [ones(shape)],
        attributes,
      }),
    ),
  ),
  Size: emptyableShapes(0, 4).map((shape) => ({ inputs: [ones(shape)] })),
  Slice: slice,
  SpaceToDepth: blocks(false),
  Split: split,
  Squeeze: squeeze,
  Tile: tile,
  Transpose: emptyableShapes(0, 4).chain((shape) =>
    maybe(
      "perm",
      fc.shuffledSubarray(
        shape.map((_, axis) => axis),
        { minLength: shape.length },
      ),
    ).map((attributes) => ({ inputs: [ones(shape)], attributes })),
  ),
  Trilu: fc.tuple(shapes(2, 4), flag).map(([shape, upper]) => ({ inputs: [ones(shape)], attributes: { upper } })),
  Unsqueeze: unsqueeze,
};
