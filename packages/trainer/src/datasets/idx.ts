import { DatasetError } from "../errors.ts";

/** A decoded IDX file of bytes. */
export interface IdxArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

const UNSIGNED_BYTE = 0x08;
const MEND = "Fetch the file again: a download that broke off leaves it like this.";

/**
 * Decodes the IDX format of MNIST: two zero bytes, the element type, the number of dimensions, each dimension as a
 * big-endian uint32, then the elements.
 *
 * @param path names the file in errors.
 * @throws DatasetError for anything but a whole IDX file of bytes with `rank` dimensions.
 * @see LeCun, Cortes and Burges, "The MNIST database of handwritten digits", FILE FORMATS
 */
export function decodeIdx(bytes: Uint8Array, rank: number, path: string): IdxArray {
  const fail = (found: string, expected: string): never => {
    throw new DatasetError({ path, found, expected, mend: MEND });
  };
  const headerBytes = 4 + 4 * rank;
  if (bytes.length < headerBytes) fail(`${bytes.length} bytes`, `a header of ${headerBytes} bytes`);

  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint32(0);
  const expectedMagic = (UNSIGNED_BYTE << 8) | rank;
  if (magic !== expectedMagic)
    fail(`the magic number 0x${hex(magic)}`, `0x${hex(expectedMagic)} (bytes in ${rank} dimension(s))`);

  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const elements = shape.reduce((product, dimension) => product * dimension, 1);
  // Not `subarray`: a Buffer's would be a Buffer again, which copies nothing where a Uint8Array does.
  const data = new Uint8Array(bytes.buffer, bytes.byteOffset + headerBytes, bytes.length - headerBytes);
  if (data.length !== elements)
    fail(`${data.length} elements`, `${elements}, since the header says ${shape.join(" × ")}`);
  return { shape, data };
}

const hex = (value: number): string => value.toString(16).padStart(8, "0");
