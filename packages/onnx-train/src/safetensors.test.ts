import { float32, int64, type Tensor, tensor } from "@glyphcast/onnx";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CheckpointError } from "./errors.ts";
import { decodeSafetensors, encodeSafetensors } from "./safetensors.ts";

const sample = {
  tensors: new Map<string, Tensor>([
    ["kernel", float32([2, 3], [1, -2, 3.5, Number.NaN, Number.NEGATIVE_INFINITY, 0])],
    ["steps", int64([], [7])],
    ["empty", float32([0, 4], [])],
    ["mask", tensor("bool", [3], Uint8Array.of(1, 0, 1))],
  ]),
  metadata: { format: "test", näme: "Größe" },
};

describe("safetensors", () => {
  it("come back as they were written", () => {
    const back = decodeSafetensors(encodeSafetensors(sample));
    expect(back).toEqual(sample);
    expect([...back.tensors.keys()]).toEqual([...sample.tensors.keys()]);
  });

  it("are read from a Node Buffer that begins inside its memory", () => {
    const file = encodeSafetensors(sample);
    const pool = Buffer.alloc(file.length + 3);
    pool.set(file, 3);
    expect(decodeSafetensors(pool.subarray(3))).toEqual(sample);
  });

  it("start with a header whose length is a multiple of 8", () => {
    const file = encodeSafetensors(sample);
    const length = new DataView(file.buffer).getBigUint64(0, true);
    expect(length % 8n).toBe(0n);
    expect(JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + Number(length)))).kernel).toEqual({
      dtype: "F32",
      shape: [2, 3],
      data_offsets: [0, 24],
    });
  });

  it("that are cut short, anywhere, are refused", () => {
    const file = encodeSafetensors(sample);
    for (let length = 0; length < file.length; length++)
      expect(() => decodeSafetensors(file.subarray(0, length))).toThrow(CheckpointError);
  });

  it("that are damaged are refused by name or read as other numbers, never anything else", () => {
    const file = encodeSafetensors(sample);
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        const damaged = file.slice();
        damaged[at] = byte;
        try {
          decodeSafetensors(damaged);
        } catch (error) {
          expect(error).toBeInstanceOf(CheckpointError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
