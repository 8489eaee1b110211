import { ARRAY_OF, type DataType, sizeOf, type Tensor } from "@glyphcast/onnx";

const TYPES: Readonly<Record<string, DataType>> = {
  "<f2": "float16",
  "<f4": "float32",
  "<f8": "float64",
  "|i1": "int8",
  "<i2": "int16",
  "<i4": "int32",
  "<i8": "int64",
  "|u1": "uint8",
  "<u2": "uint16",
  "<u4": "uint32",
  "<u8": "uint64",
  "|b1": "bool",
};

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/**
 * Reads NumPy's format: little-endian numbers and booleans, in C order.
 * @throws RangeError that says what is there instead.
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
export function tensorFromNpy(bytes: Uint8Array): Tensor {
  if (!MAGIC.every((byte, i) => bytes[i] === byte)) throw new RangeError("is not a NumPy array.");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = bytes[6]! >= 2;
  const start = (wide ? 12 : 10) + (wide ? view.getUint32(8, true) : view.getUint16(8, true));
  if (start > bytes.length) throw new RangeError("is cut short.");
  const header = new TextDecoder().decode(bytes.subarray(wide ? 12 : 10, start));
  const field = (name: string, value: string): string =>
    new RegExp(`'${name}':\\s*${value}`).exec(header)?.[1] ?? fail(`has a header without ${name}: ${header.trim()}`);
  const descr = field("descr", "'([^']*)'");
  const dtype = TYPES[descr] ?? fail(`holds elements of type ${descr}. Supported: ${Object.keys(TYPES).join(", ")}.`);
  const shape = field("shape", "\\(([^)]*)\\)")
    .split(",")
    .filter((dim) => dim.trim() !== "")
    .map(Number);
  if (field("fortran_order", "(True|False)") === "True" && shape.filter((dim) => dim > 1).length > 1)
    fail("is in Fortran order. Save np.ascontiguousarray(array).");
  const array = ARRAY_OF[dtype as Exclude<DataType, "string">];
  const size = sizeOf(shape) * new array(0).BYTES_PER_ELEMENT;
  if (bytes.length - start !== size)
    fail(`[${shape.join(", ")}] of ${dtype} takes ${size} bytes, found ${bytes.length - start}.`);
  return { dtype, shape, data: new array(new Uint8Array(bytes.subarray(start)).buffer) } as Tensor;
}

function fail(message: string): never {
  throw new RangeError(message);
}

/** Writes a tensor in NumPy's format 1.0. */
export function npyFromTensor({ dtype, shape, data }: Tensor): Uint8Array {
  const descr = Object.entries(TYPES).find(([, type]) => type === dtype)?.[0];
  if (descr === undefined || dtype === "string") throw new RangeError(`${dtype} has no place in a NumPy file here.`);
  const dims = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${dims}), }`;
  const head = `${text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11)}\n`;
  const body = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const bytes = new Uint8Array(10 + head.length + body.length);
  bytes.set([...MAGIC, 1, 0, head.length & 0xff, head.length >> 8]);
  bytes.set(new TextEncoder().encode(head), 10);
  bytes.set(body, 10 + head.length);
  return bytes;
}
