import fc from "fast-check";
import type { OpCase } from "../numeric.ts";
import { extent, flag, floats, type Spread, shapes } from "../values.ts";
import { KINKED, type OpCases, STRAIGHT } from "./op-cases.ts";

type Case = Omit<OpCase, "op">;

/** A window that fits into its input, over 1 to 3 spatial axes. */
const windows = fc.integer({ min: 1, max: 3 }).chain((rank) => {
  const perAxis = (max: number, min = 1) => fc.array(fc.integer({ min, max }), { minLength: rank, maxLength: rank });
  return fc
    .record({
      kernel: perAxis(rank === 3 ? 2 : 3),
      strides: perAxis(2),
      dilations: fc.oneof(
        { weight: 3, arbitrary: fc.constant(Array<number>(rank).fill(1)) },
        { weight: 1, arbitrary: perAxis(2) },
      ),
      begin: perAxis(1, 0),
      end: perAxis(1, 0),
      extra: perAxis(3, 0),
      autoPad: fc.constantFrom("NOTSET", "NOTSET", "NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"),
    })
    .map(({ kernel, strides, dilations, begin, end, extra, autoPad }) => {
      const spatial = kernel.map((k, axis) => (k - 1) * dilations[axis]! + 1 + extra[axis]!);
      const padding = autoPad === "NOTSET" ? { pads: [...begin, ...end] } : { auto_pad: autoPad };
      const dilated = autoPad.startsWith("SAME") ? kernel.map(() => 1) : dilations;
      return { kernel, spatial, attributes: { strides, dilations: dilated, ...padding } };
    });
});

const groups = fc.record({
  group: fc.integer({ min: 1, max: 3 }),
  inside: fc.integer({ min: 1, max: 2 }),
  out: fc.integer({ min: 1, max: 2 }),
});

const rows = fc.boolean();

const conv: fc.Arbitrary<Case> = fc
  .record({ window: windows, groups, batch: fc.integer({ min: 1, max: 2 }), bias: fc.boolean(), rows })
  .chain(({ window: { kernel, spatial, attributes }, groups: { group, inside, out }, batch, bias, rows }) =>
    floats([
      [batch, group * inside, ...spatial],
      [group * out, inside, ...kernel],
      ...(bias ? [[group * out]] : []),
    ]).map((inputs) => ({ inputs, attributes: { ...attributes, group }, rows })),
  );

const convTranspose: fc.Arbitrary<Case> = fc
  .record({
    window: windows,
    groups,
    batch: fc.integer({ min: 1, max: 2 }),
    bias: fc.boolean(),
    outputPadding: flag,
    outputShape: fc.option(flag),
    rows,
  })
  .chain(
    ({
      window: { kernel, spatial, attributes },
      groups: { group, inside, out },
      batch,
      bias,
      outputPadding,
      outputShape,
      rows,
    }) => {
      const small = spatial.map((size) => Math.min(size, 3));
      const {
        strides,
        dilations,
        pads = [],
      } = attributes as { strides: number[]; dilations: number[]; pads?: number[] };
      const output_padding = strides.map((stride) => Math.min(outputPadding, stride - 1));
      const whole = kernel.map((k, axis) => (small[axis]! - 1) * strides[axis]! + (k - 1) * dilations[axis]! + 1);
      const fits = whole.every((size, axis) => size > (pads[axis] ?? 0) + (pads[axis + kernel.length] ?? 0));
      const shape = {
        strides,
        dilations,
        // Of an output smaller than its input onnxruntime infers a wrong rank, and fails.
        output_shape: whole.map((size, axis) => Math.max(small[axis]!, size + output_padding[axis]! - outputShape!)),
      };
      const given = outputShape === null ? (fits ? attributes : { strides, dilations }) : shape;
      return floats([
        [batch, group * inside, ...small],
        [group * inside, out, ...kernel],
        ...(bias ? [[group * out]] : []),
      ]).map((inputs) => ({ inputs, attributes: { ...given, output_padding, group }, rows }));
    },
  );

interface Pooled extends Case {
  readonly attributes: NonNullable<Case["attributes"]>;
}

const pool = (values: Spread): fc.Arbitrary<Pooled> =>
  fc
    .record({ window: windows, batch: fc.integer({ min: 1, max: 2 }), channels: extent, ceil_mode: flag, rows })
    .chain(({ window: { kernel, spatial, attributes }, batch, channels, ceil_mode, rows }) => {
      const { pads } = attributes as { pads?: number[] };
      // onnxruntime wants the padding smaller than the window, and none of the input skipped with SAME.
      const strides = attributes.strides.map((stride, axis) => (pads ? stride : Math.min(stride, kernel[axis]!)));
      const fitted = pads && { pads: pads.map((pad, i) => Math.min(pad, kernel[i % kernel.length]! - 1)) };
      return floats([[batch, channels, ...spatial]], values).map((inputs) => ({
        inputs,
        attributes: { ...attributes, strides, ...fitted, kernel_shape: kernel, ceil_mode },
        rows,
      }));
    });

/** Dilations came with opset 19. */
const averagePool: fc.Arbitrary<Case> = fc
  .tuple(pool({}), flag, fc.boolean())
  .map(([{ attributes, ...drawn }, count_include_pad, recent]) => {
    const { dilations, ...others } = attributes;
    const given = recent && dilations ? { ...others, dilations, count_include_pad } : { ...others, count_include_pad };
    return { ...drawn, attributes: given, opset: recent ? 19 : 17 };
  });

/** Far enough apart that no two change places within a step. */
const apart: Spread = { gap: 0.03, kinks: [] };

const globalPool: fc.Arbitrary<Case> = shapes(3, 4).chain((shape) =>
  fc.record({ inputs: floats([shape], apart), rows }),
);

export const WINDOW_CASES = {
  Conv: { cases: conv, precision: STRAIGHT },
  ConvTranspose: { cases: convTranspose, precision: STRAIGHT },
  MaxPool: { cases: pool(apart), precision: KINKED },
  AveragePool: { cases: averagePool, precision: STRAIGHT },
  GlobalAveragePool: { cases: globalPool, precision: STRAIGHT },
  GlobalMaxPool: { cases: globalPool, precision: KINKED },
} satisfies Record<string, OpCases>;
