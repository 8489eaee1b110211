import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DatasetError } from "../errors.ts";
import { decodeIdx } from "./idx.ts";

function idx(shape: readonly number[], data: readonly number[], magic = 0x0800 | shape.length): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic);
  for (const [axis, dimension] of shape.entries()) view.setUint32(4 + 4 * axis, dimension);
  bytes.set(data, 4 + 4 * shape.length);
  return bytes;
}

describe("decodeIdx", () => {
  it("gives back the shape and the elements", () => {
    const { shape, data } = decodeIdx(idx([2, 1, 3], [1, 2, 3, 4, 5, 6]), 3, "images");
    expect(shape).toEqual([2, 1, 3]);
    expect([...data]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it.each([
    ["a header cut short", idx([3], [7]).subarray(0, 6), "6 bytes"],
    ["elements cut short", idx([3], [7, 7]), "2 elements"],
    ["elements too many", idx([3], [7, 7, 7, 7]), "4 elements"],
    ["another element type", idx([1], [7], 0x0d01), "the magic number 0x00000d01"],
    ["another rank", idx([1, 1], [7]), "the magic number 0x00000802"],
  ])("refuses %s, naming the file and what it found", (_, bytes, found) => {
    const error = errorOf(() => decodeIdx(bytes, 1, "labels"));
    expect(error).toBeInstanceOf(DatasetError);
    expect(error).toMatchObject({ code: "DATASET", path: "labels", found });
  });

  it("answers any bytes with an array or a DatasetError", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.integer({ min: 1, max: 3 }), (bytes, rank) => {
        const error = errorOf(() => decodeIdx(bytes, rank, "file"));
        expect(error === undefined || error instanceof DatasetError).toBe(true);
      }),
    );
  });
});

function errorOf(action: () => unknown): unknown {
  try {
    action();
    return undefined;
  } catch (error) {
    return error;
  }
}
