import { int64, sizeOf } from "@glyphcast/onnx";
import fc from "fast-check";
import { randomWords } from "../../src/random.ts";
import type { OpCase } from "../numeric.ts";
import {
  axesOf,
  axisOf,
  broadcastable,
  extent,
  flag,
  floats,
  floatVector,
  type Spread,
  seeds,
  shapes,
  spread,
  vector,
} from "../values.ts";
import { KINKED, type OpCases, STRAIGHT } from "./op-cases.ts";

type Case = Omit<OpCase, "op">;

const smooth: Spread = { kinks: [] };
const rows = fc.boolean();

/** A float input of this shape, further inputs, attributes. */
const on = (
  shape: readonly number[],
  others: OpCase["inputs"] = [],
  attributes: OpCase["attributes"] = {},
): fc.Arbitrary<Case> => floats([shape], smooth).map(([x]) => ({ inputs: [x, ...others], attributes }));

const reshape = fc
  .tuple(extent, extent, extent)
  .chain(([a, b, c]) =>
    fc
      .constantFrom([a * b, c], [-1, c], [0, -1], [a, 1, b * c], [a * b * c])
      .chain((to) => on([a, b, c], [vector(to)])),
  );

const flatten = shapes(1, 4).chain((shape) => axisOf(shape.length).chain((axis) => on(shape, [], { axis })));

const squeeze = fc
  .tuple(extent, extent, fc.boolean())
  .chain(([a, b, named]) => on([a, 1, b, 1], named ? [vector([-1, 1])] : []));

const unsqueeze = shapes(0, 3).chain((shape) => on(shape, [vector([0, -1])]));

const transpose = shapes(1, 4).chain((shape) =>
  fc
    .option(fc.shuffledSubarray([...shape.keys()], { minLength: shape.length }))
    .chain((perm) => on(shape, [], perm ? { perm } : {})),
);

const concat = shapes(2, 4, 3).chain((shape) =>
  fc
    .tuple(fc.nat(shape.length - 1), fc.array(extent, { minLength: 1, maxLength: 3 }), rows)
    .chain(([axis, extents, rows]) =>
      floats(
        extents.map((extent) => shape.with(axis, extent)),
        smooth,
      ).map((inputs) => ({ inputs, attributes: { axis }, rows })),
    ),
);

const split = shapes(2, 4, 3).chain((shape) =>
  fc
    .tuple(fc.nat(shape.length - 1), fc.array(extent, { minLength: 1, maxLength: 3 }), rows, flag)
    .chain(([axis, sizes, rows, even]) => {
      const parts = even ? sizes.map(() => sizes[0]!) : sizes;
      const total = parts.reduce((sum, size) => sum + size, 0);
      const drawn = on(shape.with(axis, total), even ? [] : [vector(parts)], { axis });
      return drawn.map((one): Case => ({ ...one, outputs: parts.length, rows }));
    }),
);

/** Where a slice that is not empty begins, ends and how it steps; positions are counted from either end. */
const range = (extent: number) =>
  fc
    .record({
      first: fc.nat(extent - 1),
      length: fc.integer({ min: 1, max: extent + 2 }),
      step: fc.constantFrom(1, 1, 2, -1, -2),
    })
    .chain(({ first, length, step }) => {
      const last = first + Math.sign(step) * length;
      const ends =
        step > 0
          ? [last, last < extent ? last - extent : 2 ** 31 - 1]
          : [last >= 0 ? last : -extent - 1, Math.max(last, -1) - extent];
      return fc.record({
        start: fc.constantFrom(first, first - extent),
        end: fc.constantFrom(...ends),
        step: fc.constant(step),
      });
    });

const slice = shapes(1, 4, 5).chain((shape) =>
  axesOf(shape.length, 1).chain((axes) =>
    fc
      .tuple(...axes.map((axis) => range(shape.at(axis)!)))
      .chain((ranges) =>
        on(shape, [
          vector(ranges.map(({ start }) => start)),
          vector(ranges.map(({ end }) => end)),
          vector(axes),
          vector(ranges.map(({ step }) => step)),
        ]),
      ),
  ),
);

const pad = shapes(1, 3).chain((shape) =>
  fc
    .record({
      mode: fc.constantFrom("constant", "reflect", "edge", "wrap"),
      before: fc.array(fc.integer({ min: -1, max: 2 }), { minLength: 3, maxLength: 3 }),
      after: fc.array(fc.integer({ min: -1, max: 2 }), { minLength: 3, maxLength: 3 }),
      axes: fc.option(axesOf(shape.length, 1)),
      value: fc.boolean(),
      seed: seeds,
    })
    .map(({ mode, before, after, axes, value, seed }): Case => {
      const chosen = axes ?? [...shape.keys()];
      const side = (pads: readonly number[]) =>
        chosen.map((axis, i) => {
          const extent = shape.at(axis)!;
          if (mode === "constant") return extent > 2 ? pads[i]! : Math.max(0, pads[i]!);
          // Reflected is what lies behind the edge.
          return Math.max(0, Math.min(pads[i]!, mode === "reflect" ? extent - 1 : extent));
        });
      const pads = vector([...side(before), ...side(after)]);
      const [x, filler] = spread([shape, []], seed, smooth);
      const constant = value && mode === "constant" ? filler : undefined;
      return {
        inputs: [x, pads, constant, axes === null ? undefined : vector(axes)],
        attributes: { mode },
        opset: mode === "wrap" ? 19 : 18,
      };
    }),
);

const expand = broadcastable(2).chain(([shape = [], target = []]) => on(shape, [vector(target)]));

const tile = shapes(1, 4, 3).chain((shape) =>
  fc
    .array(fc.integer({ min: 1, max: 3 }), { minLength: shape.length, maxLength: shape.length })
    .chain((repeats) => on(shape, [vector(repeats)])),
);

/** Indices below an extent, some counted from the end. */
const indicesInto = (shape: readonly number[], extent: number, seed: number) => {
  const words = randomWords(seed);
  return int64(
    shape,
    Array.from({ length: sizeOf(shape) }, () => (words() % (2 * extent)) - extent),
  );
};

const gather = fc
  .tuple(shapes(1, 3), shapes(0, 2), seeds)
  .chain(([shape, indices, seed]) =>
    axisOf(shape.length).chain((axis) => on(shape, [indicesInto(indices, shape.at(axis)!, seed)], { axis })),
  );

const gatherElements = fc.tuple(shapes(1, 3), extent, seeds).chain(([shape, count, seed]) =>
  axisOf(shape.length).chain((axis) => {
    const at = axis < 0 ? axis + shape.length : axis;
    const fewer = shape.map((dim) => Math.max(1, dim - (seed % 2)));
    return on(shape, [indicesInto(fewer.with(at, count), shape[at]!, seed)], { axis });
  }),
);

/** The first coordinates of slices: [...lead, depth]. */
const coordinates = (lead: readonly number[], extents: readonly number[], seed: number, distinct: boolean) => {
  const words = randomWords(seed);
  const total = sizeOf(extents);
  const order = Array.from({ length: total }, (_, i) => i);
  for (let i = total - 1; i > 0; i--) {
    const j = words() % (i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  const count = sizeOf(lead);
  const places = Array.from({ length: count }, (_, i) => (distinct ? order[i % total]! : words() % total));
  return int64(
    [...lead, extents.length],
    places.flatMap((place) =>
      extents.map((dim, axis) => {
        const at = Math.floor(place / sizeOf(extents.slice(axis + 1))) % dim;
        return words() % 2 ? at : at - dim;
      }),
    ),
  );
};

const gatherND = fc
  .tuple(shapes(1, 4, 3), fc.nat(2), fc.nat(3), shapes(0, 2, 3), seeds)
  .chain(([shape, batch, more, lead, seed]) => {
    const batch_dims = Math.min(batch, shape.length - 1);
    const depth = Math.min(more + 1, shape.length - batch_dims);
    const common = shape.slice(0, batch_dims);
    const indices = coordinates([...common, ...lead], shape.slice(batch_dims, batch_dims + depth), seed, false);
    return on(shape, [indices], { batch_dims });
  });

const scatterND = fc
  .tuple(shapes(1, 3), fc.nat(2), extent, fc.constantFrom("none", "add"), seeds)
  .map(([shape, more, wanted, reduction, seed]): Case => {
    const depth = Math.min(more + 1, shape.length);
    const extents = shape.slice(0, depth);
    // What is written twice is undefined, what is added twice is not.
    const count = reduction === "none" ? Math.min(wanted, sizeOf(extents)) : wanted;
    const indices = coordinates([count], extents, seed, reduction === "none");
    const [data, updates] = spread([shape, [count, ...shape.slice(depth)]], seed, smooth);
    return { inputs: [data, indices, updates], attributes: { reduction } };
  });

const scatterElements = fc
  .tuple(shapes(1, 3), extent, fc.constantFrom("none", "add"), seeds)
  .chain(([shape, wanted, reduction, seed]) =>
    axisOf(shape.length).map((axis): Case => {
      const at = axis < 0 ? axis + shape.length : axis;
      const count = reduction === "none" ? Math.min(wanted, shape[at]!) : wanted;
      const indices = shape.with(at, count);
      const inner = sizeOf(indices.slice(at + 1));
      const rotated = int64(
        indices,
        Array.from({ length: sizeOf(indices) }, (_, i) => (Math.floor(i / inner) + seed) % shape[at]!),
      );
      const [data, updates] = spread([shape, indices], seed, smooth);
      return {
        inputs: [data, reduction === "none" ? rotated : indicesInto(indices, shape[at]!, seed), updates],
        attributes: { axis, reduction },
      };
    }),
  );

const topK = shapes(1, 3).chain((shape) =>
  fc
    .tuple(axisOf(shape.length), flag, fc.nat(10))
    .chain(([axis, largest, k]) =>
      on(shape, [vector([1 + (k % shape.at(axis)!)])], { axis, largest }).map((one): Case => ({ ...one, outputs: 2 })),
    ),
);

const resize = fc
  .record({
    outer: shapes(2, 2, 2),
    inner: shapes(1, 2),
    sizes: fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 2, maxLength: 2 }),
    scales: fc.array(fc.constantFrom(1, 2, 3, 1.5, 0.75, 0.6), { minLength: 2, maxLength: 2 }),
    bySize: fc.boolean(),
    mode: fc.constantFrom("nearest", "linear", "cubic"),
    coordinates: fc.constantFrom(
      "half_pixel",
      "pytorch_half_pixel",
      "align_corners",
      "asymmetric",
      "tf_crop_and_resize",
      "half_pixel_symmetric",
    ),
    nearest_mode: fc.constantFrom("round_prefer_floor", "round_prefer_ceil", "floor", "ceil"),
    exclude_outside: flag,
    named: fc.boolean(),
    antialias: fc.boolean(),
  })
  .chain(
    ({ outer, inner, sizes, scales, bySize, mode, coordinates, nearest_mode, exclude_outside, named, antialias }) => {
      const spatial = mode === "cubic" ? [...inner, 3].slice(0, 2) : inner;
      const shape = [...outer, ...spatial];
      const crop = coordinates === "tf_crop_and_resize";
      const around = (of: readonly number[], other: number) => [
        ...(named ? [] : [other, other]),
        ...of.slice(0, spatial.length),
      ];
      const size = vector(named ? around(sizes, 1) : [...outer, ...sizes.slice(0, spatial.length)]);
      const fitting = scales.map((scale, i) => (Math.floor((spatial[i] ?? 1) * scale) > 0 ? scale : 1));
      const scale = floatVector(around(fitting, 1));
      const roi = crop ? floatVector([...around([0.1, 0.2], 0), ...around([0.9, 1], 1)]) : undefined;
      const smoothing = antialias && mode !== "nearest" && !crop;
      const attributes = {
        mode,
        coordinate_transformation_mode: coordinates,
        ...(mode === "nearest" && { nearest_mode }),
        ...(mode === "cubic" && { exclude_outside }),
        ...(crop && { extrapolation_value: 0.5 }),
        ...(named && { axes: spatial.map((_, i) => i + 2) }),
        ...(smoothing && { antialias: 1 }),
      };
      return floats([shape], smooth).map(
        ([x]): Case => ({
          inputs: [x, roi, ...(bySize ? [undefined, size] : [scale])],
          constants: [1, 2],
          attributes,
          opset: 19,
        }),
      );
    },
  );

const blocks = (deep: boolean) =>
  fc
    .tuple(
      extent,
      fc.integer({ min: 1, max: 2 }),
      fc.integer({ min: 1, max: 2 }),
      fc.integer({ min: 1, max: 3 }),
      fc.constantFrom("DCR", "CRD"),
    )
    .chain(([channels, height, width, blocksize, mode]) =>
      deep
        ? on([2, channels * blocksize ** 2, height, width], [], { blocksize, mode })
        : on([2, channels, height * blocksize, width * blocksize], [], { blocksize }),
    );

const trilu = shapes(2, 4).chain((shape) =>
  fc
    .tuple(flag, fc.option(fc.integer({ min: -3, max: 3 })))
    .chain(([upper, k]) => on(shape, k === null ? [] : [int64([], [k])], { upper })),
);

const cumSum = shapes(1, 3).chain((shape) =>
  fc
    .tuple(axisOf(shape.length), flag, flag)
    .chain(([axis, exclusive, reverse]) => on(shape, [int64([], [axis])], { exclusive, reverse })),
);

export const LAYOUT_CASES = {
  Reshape: { cases: reshape, precision: STRAIGHT },
  Flatten: { cases: flatten, precision: STRAIGHT },
  Squeeze: { cases: squeeze, precision: STRAIGHT },
  Unsqueeze: { cases: unsqueeze, precision: STRAIGHT },
  Transpose: { cases: transpose, precision: STRAIGHT },
  Concat: { cases: concat, precision: STRAIGHT },
  Split: { cases: split, precision: STRAIGHT },
  Slice: { cases: slice, precision: STRAIGHT },
  Pad: { cases: pad, precision: STRAIGHT },
  Expand: { cases: expand, precision: STRAIGHT },
  Tile: { cases: tile, precision: STRAIGHT },
  Gather: { cases: gather, precision: STRAIGHT },
  GatherElements: { cases: gatherElements, precision: STRAIGHT },
  GatherND: { cases: gatherND, precision: STRAIGHT },
  ScatterND: { cases: scatterND, precision: STRAIGHT },
  ScatterElements: { cases: scatterElements, precision: STRAIGHT },
  TopK: { cases: topK, precision: KINKED },
  Resize: { cases: resize, precision: STRAIGHT },
  DepthToSpace: { cases: blocks(true), precision: STRAIGHT },
  SpaceToDepth: { cases: blocks(false), precision: STRAIGHT },
  Trilu: { cases: trilu, precision: STRAIGHT },
  CumSum: { cases: cumSum, precision: STRAIGHT },
} satisfies Record<string, OpCases>;
