import { ARRAY_OF, type DataType, sizeOf, type Tensor } from "@glyphcast/onnx";
import { InputError, UsageError } from "../errors.ts";
import type { Feeds, Port } from "../target/protocol.ts";

export interface RandomOptions {
  /** How many runs. */
  readonly count?: number;
  readonly seed?: number;
  /** From and to, of an input's values; whole numbers include both ends. */
  readonly ranges?: Readonly<Record<string, readonly [number, number]>>;
  /** Extents of open dimensions by their names, or as `input.axis`. Without one, an extent is 1. */
  readonly shapes?: Readonly<Record<string, number>>;
}

const RANGES: Readonly<Partial<Record<DataType, readonly [number, number]>>> = {
  uint8: [0, 255],
  int8: [-128, 127],
  bool: [0, 1],
};

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
 * Values for every input, the same from run to run: floats in [-1, 1), bytes and booleans from all of theirs, other
 * integers 0 to 9, unless `ranges` says otherwise.
 */
export function* randomInputs(
  inputs: readonly Port[],
  { count = 1, seed = 1, ranges = {}, shapes = {} }: RandomOptions = {},
): Generator<Feeds> {
  refuseUnknown(inputs, ranges, shapes);
  const random = randomFrom(seed);
  for (let run = 0; run < count; run++)
    yield Object.fromEntries(inputs.map((port) => [port.name, draw(port, ranges[port.name], shapes, random)]));
}

function refuseUnknown(inputs: readonly Port[], ranges: object, shapes: object): void {
  const names = inputs.map(({ name }) => name);
  for (const name of Object.keys(ranges))
    if (!names.includes(name))
      throw new UsageError(`--range ${name}: the model has no such input. It has: ${names.join(", ")}.`);
  const open = inputs.flatMap(({ name, shape = [] }) =>
    shape.flatMap((dim, axis) => (typeof dim === "number" && dim >= 0 ? [] : [String(dim), `${name}.${axis}`])),
  );
  for (const name of Object.keys(shapes))
    if (!open.includes(name))
      throw new UsageError(
        `--shape ${name}: the model has no such open dimension. It has: ${open.filter(Boolean).join(", ") || "none"}.`,
      );
}

function draw(
  { name, dtype, shape }: Port,
  range: readonly [number, number] | undefined,
  shapes: Readonly<Record<string, number>>,
  random: () => number,
): Tensor {
  if (dtype === undefined) throw new InputError(name, "is no tensor, which is not supported.");
  const type = dtype as DataType;
  if (type === "string" || !Object.hasOwn(ARRAY_OF, type))
    throw new InputError(name, `is ${dtype}, for which there are no random values. Give its values with --inputs.`);
  const dims = (shape ?? []).map((dim, axis) =>
    typeof dim === "number" && dim >= 0 ? dim : (shapes[`${name}.${axis}`] ?? shapes[String(dim)] ?? 1),
  );
  const float = type === "float32" || type === "float64" || type === "float16";
  const [low, high] = range ?? RANGES[type] ?? (float ? [-1, 1] : [0, 9]);
  const value = float ? () => low + random() * (high - low) : () => Math.floor(low + random() * (high - low + 1));
  const data = new ARRAY_OF[type](sizeOf(dims));
  for (let i = 0; i < data.length; i++) {
    const drawn = value();
    if (typeof data[0] === "bigint") data[i] = BigInt(drawn) as never;
    else data[i] = (type === "float16" ? bitsFromHalf(drawn) : drawn) as never;
  }
  return { dtype: type, shape: dims, data } as Tensor;
}

/** The bits of the nearest 16-bit float; halves go away from zero. */
export function bitsFromHalf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (size >= 65520) return sign | 0x7c00;
  if (size < 2 ** -14) return sign | Math.round(size * 2 ** 24);
  const exponent = Math.floor(Math.log2(size));
  // A fraction that rounds up to 1024 carries into the exponent, which is the next number.
  return sign | (((exponent + 15) << 10) + Math.round((size / 2 ** exponent - 1) * 1024));
}
