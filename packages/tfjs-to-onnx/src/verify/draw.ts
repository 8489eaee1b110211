import { type Graph, numbersOf, scopeOf, type ValueInfo } from "@glyphcast/onnx";
import type { Answer, Elements } from "./answer.ts";

/** How large the open dimensions are in one run, by their names. */
export type Sizes = ReadonlyMap<string, number>;

/**
 * The runs that a model is verified in: two batch sizes, and where extents are open two sizes of those, not square.
 * `level` 0 is as small as most models take; where a model refuses that, the next levels are larger.
 */
export function sizesOf(
  inputs: readonly ValueInfo[],
  level: number,
  batches: readonly [number, number] = [1, 2],
): readonly [Sizes, Sizes] {
  const [small, large] = [
    [32, 64],
    [96, 128],
    [224, 256],
  ][level]! as [number, number];
  const [short, long] = [6 << (2 * level), 9 << (2 * level)];
  const sizesOfRun = (run: 0 | 1): Sizes => {
    const sizes = new Map<string, number>();
    for (const { shape = [] } of inputs) {
      const [batch, ...open] = shape
        .map((dim, axis) => ({ dim, axis }))
        .filter(({ dim, axis }) => axis === 0 || typeof dim === "string");
      if (typeof batch?.dim === "string") sizes.set(batch.dim, batches[run]);
      for (const [place, { dim }] of open.entries())
        if (!sizes.has(dim as string))
          sizes.set(dim as string, shape.length === 4 ? [small, large][(place + run) % 2]! : [short, long][run]!);
    }
    return sizes;
  };
  return [sizesOfRun(0), sizesOfRun(1)];
}

export const LEVELS = 3;

export const isOpen = (inputs: readonly ValueInfo[]): boolean =>
  inputs.some(({ shape = [] }) => shape.some((dim, axis) => axis > 0 && typeof dim === "string"));

/** A source of numbers in [0, 1) that its seed alone determines (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Values that an input may well have: bytes 0 to 255, booleans, floats in [-1, 1); whole numbers where the graph looks
 * something up by them, none past the end of the table. Of several sequences the last ends early, in zeros, as padding
 * does: for models that mask it.
 */
export function draw(graph: Graph, input: ValueInfo, sizes: Sizes, random: () => number): Answer {
  const shape = (input.shape ?? []).map((dim) => (typeof dim === "number" ? dim : sizes.get(dim)!));
  const size = shape.reduce((product, dim) => product * dim, 1);
  const rows = rowsLookedUp(graph, input.name);
  const whole = (below: number): number => Math.floor(random() * below);
  const sequences = shape.length === 3 || (shape.length === 2 && rows !== undefined);
  const [batch = 1, steps = 1] = shape;
  const ends = sequences && batch > 1 ? Math.ceil(size * (1 - Math.floor(steps / 3) / steps / batch)) : size;
  const fill = (data: Elements, value: () => number): Answer => {
    for (let i = 0; i < ends; i++) data[i] = value();
    return { shape, data };
  };
  switch (input.dtype) {
    case "uint8":
      return fill(new Uint8Array(size), () => whole(256));
    case "bool":
      return fill(new Uint8Array(size), () => whole(2));
    case "float32":
      return fill(new Float32Array(size), rows === undefined ? () => 2 * random() - 1 : () => whole(rows));
    default:
      // Images of integers are pixels.
      return fill(new Int32Array(size), () => whole(rows ?? (shape.length === 4 ? 256 : 10)));
  }
}

/** Operators whose results are their first input's elements, in other places or of another type. */
const CARRIERS: ReadonlySet<string> = new Set([
  ...["Cast", "Concat", "Expand", "Flatten", "Floor", "Identity", "Reshape", "Round"],
  ...["Slice", "Squeeze", "Transpose", "Unsqueeze"],
]);

/** How many rows the smallest table has that the graph looks up by these values; undefined where it does not. */
function rowsLookedUp(graph: Graph, input: string): number | undefined {
  const carried = new Set([input]);
  const readers = graph.nodes.filter(({ op }) => op === "Gather" || op === "OneHot");
  if (readers.length === 0) return undefined;
  const scope = scopeOf(graph, 17, () => {});
  let rows = Number.POSITIVE_INFINITY;
  for (const { op, inputs, outputs, attributes } of graph.nodes) {
    const [first = "", second = ""] = inputs;
    if (CARRIERS.has(op) && carried.has(first)) for (const name of outputs) carried.add(name);
    if (op === "Gather" && carried.has(second)) {
      const extent = scope.type(first)?.shape?.at((attributes.axis as number | undefined) ?? 0);
      if (typeof extent === "number") rows = Math.min(rows, extent);
    }
    const depth = op === "OneHot" && carried.has(first) ? graph.initializers.get(second) : undefined;
    if (depth) rows = Math.min(rows, numbersOf(depth)[0] ?? rows);
  }
  return Number.isFinite(rows) ? Math.max(1, rows) : undefined;
}
