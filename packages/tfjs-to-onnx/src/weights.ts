import { sizeOf, type Tensor } from "@glyphcast/onnx";
import { fieldOf, isObject, type Json } from "./config.ts";
import { NotAModelError, WeightError, WeightPathError } from "./errors.ts";
import { numberFromHalf } from "./half.ts";
import type { StoredWeight, Weight, Weights } from "./stored-weight.ts";

interface Spec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly format: Format;
  readonly affine: Affine;
}

const bytesOf = ({ shape, format }: Spec): number => format.bytesPerElement * sizeOf(shape);

/**
 * Reads all weights of all groups of a weights manifest, each shard once.
 *
 * `readShard` is given the paths of the manifest, after they were found to be relative and inside the model's folder,
 * and how many bytes the group's weights still need: a shard that has more need not be read.
 * @throws WeightError, WeightPathError, NotAModelError
 */
export async function readWeights(
  manifest: unknown,
  readShard: (path: string, atMost: number) => Promise<Uint8Array>,
): Promise<Weights> {
  const weights: Weights = new Map();
  for (const { paths, specs } of groupsOf(manifest)) {
    const shards: Uint8Array[] = [];
    let missing = specs.reduce((sum, spec) => sum + bytesOf(spec), 0);
    for (const path of paths) {
      const shard = await readShard(path, missing);
      shards.push(shard);
      missing -= shard.length;
    }
    const where = `Group of ${paths.map((path) => `"${path}"`).join(", ")}`;
    for (const [name, tensor] of readGroup(specs, joined(shards), where)) {
      if (weights.has(name)) throw new WeightError(name, `The weights manifest lists "${name}" twice.`);
      weights.set(name, tensor);
    }
  }
  return weights;
}

/** The paths of all shards, checked. */
export const shardPaths = (manifest: unknown): readonly string[] => groupsOf(manifest).flatMap(({ paths }) => paths);

/**
 * Reads weights laid end to end, as `model.save` hands them to an IO handler: `weightSpecs` and `weightData`.
 * @throws WeightError, NotAModelError
 */
export const weightsFromBytes = (specs: unknown, bytes: Uint8Array | ArrayBuffer): Weights => {
  const where = "The weight data";
  if (!Array.isArray(specs)) throw new NotAModelError(`${where}: the weight specs are not a list.`);
  return readGroup(specs.map(readSpec), bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes), where);
};

function groupsOf(manifest: unknown): readonly { paths: readonly string[]; specs: readonly Spec[] }[] {
  if (!Array.isArray(manifest))
    throw new NotAModelError("model.json has no weightsManifest; the topology alone cannot be converted.");
  return manifest.map((group, i) => {
    if (!isObject(group) || !Array.isArray(group.paths) || !Array.isArray(group.weights))
      throw new NotAModelError(`Group ${i} of the weights manifest has no paths or no weights.`);
    for (const path of group.paths) if (!isInside(path)) throw new WeightPathError(String(path));
    return { paths: group.paths as readonly string[], specs: group.weights.map(readSpec) };
  });
}

/** A relative path that stays in its folder, on any operating system. */
function isInside(path: unknown): path is string {
  if (typeof path !== "string" || path === "" || /[\\:\0?#]/.test(path) || path.startsWith("/")) return false;
  return !path.split("/").some((part) => part === ".." || part === "");
}

/** Parts end to end; a single one as it is. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [first, ...others] = parts;
  if (first && others.length === 0) return first;
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function readGroup(specs: readonly Spec[], bytes: Uint8Array, where: string): Weights {
  const total = specs.reduce((sum, spec) => sum + bytesOf(spec), 0);
  const last = specs.at(-1)?.name ?? "";
  if (total !== bytes.length)
    throw new WeightError(
      last,
      `${where}: ${specs.length} weights need ${total} bytes, found ${bytes.length}.\n` +
        "  The shards are not of this model.json, or a copy of them was cut short.",
    );
  const weights: Weights = new Map();
  let at = bytes.byteOffset;
  for (const spec of specs) {
    const { name } = spec;
    if (weights.has(name)) throw new WeightError(name, `${where}: "${name}" is listed twice.`);
    weights.set(name, decode(spec, new DataView(bytes.buffer, at, bytesOf(spec))));
    at += bytesOf(spec);
  }
  return weights;
}

function decode({ shape, format, affine }: Spec, bytes: DataView): Weight {
  const { dtype, codes } = format;
  const tensor = { dtype, shape, data: format.decode(bytes, sizeOf(shape), affine) } as Tensor;
  if (codes === undefined || dtype !== "float32") return tensor;
  return { ...tensor, stored: { dtype: codes, data: codesOf(bytes, codes), ...affine } };
}

function readSpec(spec: unknown): Spec {
  if (!isObject(spec) || typeof spec.name !== "string" || spec.name === "")
    throw new NotAModelError(`A weight spec is ${JSON.stringify(spec)}, expected { name, shape, dtype }.`);
  const { name, shape, dtype = "float32" } = spec;
  const isExtent = (dim: unknown): boolean => Number.isSafeInteger(dim) && (dim as number) >= 0;
  if (!Array.isArray(shape) || !shape.every(isExtent) || !Number.isSafeInteger(sizeOf(shape)))
    throw new WeightError(name, `"${name}" has shape ${JSON.stringify(shape)}, expected a list of extents.`);
  const quantization = fieldOf(spec, "quantization");
  const stored = isObject(quantization) ? fieldOf(quantization, "dtype") : undefined;
  const key = stored === undefined ? `${dtype}` : `${dtype} as ${stored}`;
  const format = FORMATS.get(key);
  if (!format) throw new WeightError(name, `"${name}" is ${key}; these are read: ${[...FORMATS.keys()].join(", ")}.`);
  const affine = isObject(quantization) ? affineOf(name, quantization, stored) : { scale: 1, min: 0 };
  return { name, shape, format, affine };
}

interface Affine {
  readonly scale: number;
  readonly min: number;
}

function affineOf(name: string, quantization: Json, stored: unknown): Affine {
  if (stored === "float16") return { scale: 1, min: 0 };
  const { scale, min } = quantization;
  if (typeof scale === "number" && typeof min === "number") return { scale, min };
  throw new WeightError(name, `"${name}" is quantised as ${stored} without numbers for scale and min.`);
}

interface Format {
  readonly dtype: "float32" | "int32" | "bool";
  readonly bytesPerElement: number;
  /** What it is stored as where that is something else. */
  readonly codes?: StoredWeight["dtype"];
  readonly decode: (bytes: DataView, size: number, affine: Affine) => Tensor["data"];
}

const dequantised = (
  dtype: "float32" | "int32",
  codes: StoredWeight["dtype"],
  bytesPerElement = codes === "uint8" ? 1 : 2,
): Format => ({
  dtype,
  bytesPerElement,
  codes,
  decode: (bytes, size, { scale, min }) => {
    const stored = codesOf(bytes, codes);
    const values = dtype === "float32" ? new Float32Array(size) : new Int32Array(size);
    for (let i = 0; i < size; i++) {
      const value = (codes === "float16" ? numberFromHalf(stored[i]!) : stored[i]!) * scale + min;
      values[i] = dtype === "float32" ? value : Math.round(value);
    }
    return values;
  },
});

const codesOf = (bytes: DataView, dtype: StoredWeight["dtype"]): Uint8Array | Uint16Array =>
  dtype === "uint8" ? new Uint8Array(copyOf(bytes)) : new Uint16Array(copyOf(bytes));

/** TF.js writes weights in the machine's own byte order, which is little-endian wherever JavaScript runs today. */
const copyOf = ({ buffer, byteOffset, byteLength }: DataView): ArrayBufferLike =>
  buffer.slice(byteOffset, byteOffset + byteLength);

/** By the weight's type, and where it is quantised by what it is stored as. */
const FORMATS: ReadonlyMap<string, Format> = new Map<string, Format>([
  [
    "float32",
    {
      dtype: "float32",
      bytesPerElement: 4,
      decode: (bytes) => new Float32Array(copyOf(bytes)),
    },
  ],
  [
    "int32",
    {
      dtype: "int32",
      bytesPerElement: 4,
      decode: (bytes) => new Int32Array(copyOf(bytes)),
    },
  ],
  [
    "bool",
    {
      dtype: "bool",
      bytesPerElement: 1,
      decode: (bytes, size) => Uint8Array.from({ length: size }, (_, i) => Math.min(1, bytes.getUint8(i))),
    },
  ],
  ["float32 as float16", dequantised("float32", "float16")],
  ["float32 as uint8", dequantised("float32", "uint8")],
  ["float32 as uint16", dequantised("float32", "uint16")],
  ["int32 as uint8", dequantised("int32", "uint8")],
  ["int32 as uint16", dequantised("int32", "uint16")],
]);
