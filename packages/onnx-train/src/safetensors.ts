import { ARRAY_OF, type DataType, sizeOf, type Tensor } from "@glyphcast/onnx";
import { CheckpointError } from "./errors.ts";

/** Named tensors and a few words about them, as a safetensors file holds them. */
export interface Safetensors {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

type Stored = Exclude<DataType, "string">;

const CODE_OF: { readonly [T in Stored]: string } = {
  float64: "F64",
  float32: "F32",
  float16: "F16",
  bfloat16: "BF16",
  int64: "I64",
  int32: "I32",
  int16: "I16",
  int8: "I8",
  uint64: "U64",
  uint32: "U32",
  uint16: "U16",
  uint8: "U8",
  bool: "BOOL",
};

const DTYPE_OF = new Map(Object.entries(CODE_OF).map(([dtype, code]) => [code, dtype as Stored]));

/** A header past this is not one: it would describe a million tensors. */
const MAX_HEADER = 100_000_000;

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [begin: number, end: number];
}

/**
 * Serialises tensors: the header's length as a 64-bit integer, the header as JSON padded to 8 bytes, the data. Equal
 * tensors in equal order give equal bytes.
 *
 * @see https://github.com/huggingface/safetensors#format
 */
export function encodeSafetensors({ tensors, metadata }: Safetensors): Uint8Array<ArrayBuffer> {
  const header: Record<string, Entry | Readonly<Record<string, string>>> = { __metadata__: metadata };
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (const [name, { dtype, shape, data }] of tensors) {
    if (dtype === "string") throw new CheckpointError(name, "Strings cannot be stored in a safetensors file.");
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    header[name] = { dtype: CODE_OF[dtype], shape, data_offsets: [size, size + bytes.length] };
    chunks.push(bytes);
    size += bytes.length;
  }
  const text = bytesFromText(JSON.stringify(header));
  const padded = Math.ceil(text.length / 8) * 8;
  const file = new Uint8Array(8 + padded + size).fill(0x20, 8, 8 + padded);
  new DataView(file.buffer).setBigUint64(0, BigInt(padded), true);
  file.set(text, 8);
  let at = 8 + padded;
  for (const chunk of chunks) {
    file.set(chunk, at);
    at += chunk.length;
  }
  return file;
}

/** @throws CheckpointError when the bytes are not a whole safetensors file. */
export function decodeSafetensors(file: Uint8Array): Safetensors {
  if (file.length < 8) throw notOne("", `it has ${file.length} bytes`);
  const length = new DataView(file.buffer, file.byteOffset, 8).getBigUint64(0, true);
  if (length > MAX_HEADER || 8n + length > BigInt(file.length))
    throw notOne("", `its header would be ${length} bytes of a file of ${file.length}`);
  const start = 8 + Number(length);
  const { __metadata__: metadata = {}, ...entries } = parseHeader(file.subarray(8, start));
  const tensors = new Map<string, Tensor>();
  let expected = 0;
  for (const [name, { dtype: code, shape, data_offsets }] of Object.entries(entries)) {
    const dtype = DTYPE_OF.get(code);
    if (!dtype || !isShape(shape) || data_offsets?.[0] !== expected)
      throw notOne(name, "its header entry is malformed");
    const array = ARRAY_OF[dtype];
    const [begin, end] = data_offsets;
    if (end - begin !== sizeOf(shape) * new array(0).BYTES_PER_ELEMENT)
      throw notOne(name, `[${shape.join(", ")}] of ${dtype} does not take ${end - begin} bytes`);
    if (start + end > file.length)
      throw notOne(name, `the file ends after ${file.length} bytes, ${start + end} are needed`);
    // A Node Buffer's own slice would share memory, and so begin elsewhere.
    tensors.set(name, {
      dtype,
      shape,
      data: new array(new Uint8Array(file.subarray(start + begin, start + end)).buffer),
    } as Tensor);
    expected = end;
  }
  if (start + expected !== file.length)
    throw notOne("", `${file.length - start - expected} bytes follow the last tensor`);
  return { tensors, metadata: metadata as unknown as Record<string, string> };
}

function parseHeader(bytes: Uint8Array): Record<string, Entry> {
  try {
    const header: unknown = JSON.parse(textFromBytes(bytes));
    if (typeof header === "object" && header !== null) return header as Record<string, Entry>;
  } catch (cause) {
    throw notOne("", "its header is not JSON", cause);
  }
  throw notOne("", "its header is not an object");
}

const isShape = (shape: unknown): shape is readonly number[] =>
  Array.isArray(shape) && shape.every((dim) => Number.isSafeInteger(dim) && dim >= 0);

const notOne = (tensor: string, reason: string, cause?: unknown): CheckpointError =>
  new CheckpointError(tensor, `This is not a whole safetensors file: ${reason}.`, { cause });

/** Every engine has these; the language's own library does not declare them. */
declare const TextDecoder: new () => { decode(bytes: Uint8Array): string };
declare const TextEncoder: new () => { encode(text: string): Uint8Array };

const bytesFromText = (text: string): Uint8Array => new TextEncoder().encode(text);
const textFromBytes = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
