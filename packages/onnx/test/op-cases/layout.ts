import fc from "fast-check";
import {
  axesOf,
  broadcastable,
  type Cases,
  emptyableShapes,
  floatVector,
  maybe,
  ones,
  shapes,
  vector,
} from "./tensors.ts";

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

const expand: Cases = broadcastable(2).map(([shape, target]) => ({
  inputs: [ones(shape!), vector(target!)],
  constants: [1],
}));

const tile: Cases = shapes(1, 4).chain((shape) =>
  fc
    .array(fc.nat({ max: 3 }), { minLength: shape.length, maxLength: shape.length })
    .map((repeats) => ({ inputs: [ones(shape), vector(repeats)], constants: [1] })),
);

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

export const LAYOUT_CASES: Readonly<Record<string, Cases>> = {
  DepthToSpace: blocks(true),
  Expand: expand,
  Flatten: emptyableShapes(1, 4).chain((shape) =>
    maybe("axis", fc.integer({ min: -shape.length, max: shape.length })).map((attributes) => ({
      inputs: [ones(shape)],
      attributes,
    })),
  ),
  Reshape: reshape,
  Resize: resize,
  SpaceToDepth: blocks(false),
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
  Unsqueeze: unsqueeze,
};
