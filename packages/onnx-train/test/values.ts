import { float32, int64, sizeOf, type Tensor, type TensorOf, tensor } from "@glyphcast/onnx";
import fc from "fast-check";
import { randomWords } from "../src/random.ts";

export interface Spread {
  readonly from?: number;
  readonly to?: number;
  /** Where the function has a kink or a jump: no value lies within `margin` of it. */
  readonly kinks?: readonly number[];
  readonly margin?: number;
  /** The least distance between two values; the range grows about 0 where it is too narrow for so many. */
  readonly gap?: number;
}

/** Distinct values at equal distances, shuffled: no two come together within a step of a central difference. */
export function spread(
  shapes: readonly (readonly number[])[],
  seed: number,
  { from: low = -1, to: high = 1, kinks = [0], margin = 0.04, gap = 0 }: Spread = {},
): TensorOf<"float32">[] {
  const total = shapes.reduce((sum, shape) => sum + sizeOf(shape), 0);
  const reach = Math.max(1, (gap * total) / (high - low));
  const [from, to] = [low * reach, high * reach];
  const inside = kinks.filter((kink) => kink > from - margin && kink < to + margin).sort((a, b) => a - b);
  const edges = [from, ...inside.flatMap((kink) => [kink - margin, kink + margin]), to];
  const stretches = Array.from({ length: edges.length / 2 }, (_, i) => [edges[2 * i]!, edges[2 * i + 1]!] as const);
  const free = stretches.map(([begin, end]) => Math.max(0, end - begin));
  const at = (share: number): number => {
    let rest = share * free.reduce((sum, length) => sum + length, 0);
    for (const [i, length] of free.entries()) {
      if (rest <= length) return stretches[i]![0] + rest;
      rest -= length;
    }
    return to;
  };
  const values = Float32Array.from({ length: total }, (_, i) => at((i + 0.5) / total));
  const words = randomWords(seed);
  for (let i = total - 1; i > 0; i--) {
    const j = words() % (i + 1);
    [values[i], values[j]] = [values[j]!, values[i]!];
  }
  let end = 0;
  return shapes.map((shape) => {
    const begin = end;
    end += sizeOf(shape);
    return float32(shape, values.slice(begin, end));
  });
}

export const seeds: fc.Arbitrary<number> = fc.nat(1e6);

/** Tensors of these shapes, see `spread`. */
export const floats = (shapes: readonly (readonly number[])[], options?: Spread): fc.Arbitrary<TensorOf<"float32">[]> =>
  seeds.map((seed) => spread(shapes, seed, options));

export const extent: fc.Arbitrary<number> = fc.integer({ min: 1, max: 4 });

export const shapes = (minLength: number, maxLength: number, max = 4): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: 1, max }), { minLength, maxLength });

/** An axis of a rank, from either end. */
export const axisOf = (rank: number): fc.Arbitrary<number> => fc.integer({ min: -rank, max: rank - 1 });

/** Some axes of a rank, each once, from either end and in any order. */
export const axesOf = (rank: number, minLength = 0): fc.Arbitrary<number[]> =>
  fc
    .shuffledSubarray([...Array(rank).keys()], { minLength })
    .chain((axes) => fc.tuple(...axes.map((axis) => fc.boolean().map((fromEnd) => (fromEnd ? axis - rank : axis)))));

/** Shapes that broadcast together: leading axes dropped, extents replaced by 1. */
export const broadcastable = (count: number): fc.Arbitrary<number[][]> =>
  shapes(0, 4, 3).chain((target) =>
    fc.array(
      fc
        .tuple(fc.nat({ max: target.length }), fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }))
        .map(([dropped, single]) => target.slice(dropped).map((dim, axis) => (single[axis] ? 1 : dim))),
      { minLength: count, maxLength: count },
    ),
  );

export const flag: fc.Arbitrary<0 | 1> = fc.constantFrom(0, 1);

/** An int64 vector. */
export const vector = (values: readonly number[]): TensorOf<"int64"> => int64([values.length], values);

export const floatVector = (values: readonly number[]): TensorOf<"float32"> => float32([values.length], values);

/** Booleans that are sometimes true. */
export const bools = (shape: readonly number[], seed: number): Tensor => {
  const words = randomWords(seed);
  return tensor(
    "bool",
    shape,
    Uint8Array.from({ length: sizeOf(shape) }, () => words() % 2),
  );
};
