import { describe, expect, it } from "vitest";
import { NotAModelError, readWeights, WeightError, WeightPathError, weightsFromBytes } from "./index.ts";
import { tfc } from "./testing.ts";

const bytesOf = (array: { buffer: ArrayBufferLike }): Uint8Array => new Uint8Array(array.buffer);
const dataOf = (specs: object[], bytes: Uint8Array): unknown[] =>
  Array.from(weightsFromBytes(specs, bytes).values(), ({ data }) => Array.from(data as Float32Array));

describe("readWeights", () => {
  const shards: Record<string, Uint8Array> = {
    "a-1.bin": bytesOf(Float32Array.of(1, 2, 3)).subarray(0, 5),
    "a-2.bin": bytesOf(Float32Array.of(1, 2, 3)).subarray(5),
    "sub/b.bin": bytesOf(Float32Array.of(4)),
  };
  const read = async (path: string) => shards[path]!;

  it("joins the shards of a group and reads every group", async () => {
    const manifest = [
      {
        paths: ["a-1.bin", "a-2.bin"],
        weights: [
          { name: "x", shape: [2], dtype: "float32" },
          { name: "y", shape: [], dtype: "float32" },
        ],
      },
      { paths: ["sub/b.bin"], weights: [{ name: "z", shape: [1, 1], dtype: "float32" }] },
    ];
    expect(await readWeights(manifest, read)).toEqual(
      new Map([
        ["x", { dtype: "float32", shape: [2], data: Float32Array.of(1, 2) }],
        ["y", { dtype: "float32", shape: [], data: Float32Array.of(3) }],
        ["z", { dtype: "float32", shape: [1, 1], data: Float32Array.of(4) }],
      ]),
    );
  });

  it.each([
    "/a.bin",
    "../a.bin",
    "a/../../b.bin",
    "a//b.bin",
    "",
    "C:\\a.bin",
    "..\\a.bin",
    "file:///a",
    "https://a/b",
    "a\0b",
  ])("refuses the path %j before it reads anything", async (path) => {
    const manifest = [
      { paths: ["a-1.bin"], weights: [] },
      { paths: [path], weights: [] },
    ];
    const never = () => Promise.reject(new Error("read"));
    await expect(readWeights(manifest, never)).rejects.toBeInstanceOf(WeightPathError);
  });

  it("refuses a weight that two groups hold, and a manifest that is none", async () => {
    const group = { paths: ["sub/b.bin"], weights: [{ name: "z", shape: [1], dtype: "float32" }] };
    await expect(readWeights([group, group], read)).rejects.toMatchObject({ code: "TFJS_WEIGHT", weight: "z" });
    for (const manifest of [undefined, {}, [{}], [{ paths: [], weights: {} }]])
      await expect(readWeights(manifest, read)).rejects.toBeInstanceOf(NotAModelError);
  });
});

describe("weightsFromBytes", () => {
  it("undoes TF.js's quantisation as TF.js does", async () => {
    const quantized = [
      { name: "u8", shape: [4], dtype: "float32", quantization: { dtype: "uint8", scale: 0.1, min: -1.25 } },
      { name: "u16", shape: [2], dtype: "float32", quantization: { dtype: "uint16", scale: 1e-3, min: -7 } },
      { name: "i", shape: [2], dtype: "int32", quantization: { dtype: "uint8", scale: 3, min: -4 } },
      { name: "f16", shape: [6], dtype: "float32", quantization: { dtype: "float16" } },
    ] as const;
    const bytes = new Uint8Array([
      ...[0, 1, 128, 255],
      ...bytesOf(Uint16Array.of(0, 65535)),
      ...[0, 200],
      ...bytesOf(Uint16Array.of(0x0000, 0x8001, 0x3555, 0xc000, 0x7bff, 0xfc00)),
    ]);
    const expected = tfc.io.decodeWeights(bytes.buffer, [...quantized] as unknown as tfc.io.WeightsManifestEntry[]);
    const values = Object.values(expected).map((tensor) => Array.from(tensor.dataSync()));
    expect(dataOf([...quantized], bytes)).toEqual(values);
  });

  it("reads integers and booleans", () => {
    const specs = [
      { name: "i", shape: [2], dtype: "int32" },
      { name: "b", shape: [3], dtype: "bool" },
    ];
    expect(dataOf(specs, new Uint8Array([...bytesOf(Int32Array.of(-1, 7)), 0, 1, 1]))).toEqual([
      [-1, 7],
      [0, 1, 1],
    ]);
  });

  it.each(["complex64", "string", "float64"])("refuses %s by the weight's name", (dtype) => {
    expect(() => weightsFromBytes([{ name: "w", shape: [1], dtype }], new Uint8Array(8))).toThrow(
      new RegExp(`"w" is ${dtype}; these are read: float32`),
    );
  });

  it.each([3, 5])("refuses %d bytes for a weight of 4", (size) => {
    const read = () => weightsFromBytes([{ name: "w", shape: [1], dtype: "float32" }], new Uint8Array(size));
    expect(read).toThrow(WeightError);
    expect(read).toThrow(`need 4 bytes, found ${size}`);
  });

  it("refuses shapes that no memory holds without trying", () => {
    const read = () =>
      weightsFromBytes([{ name: "w", shape: [2 ** 40, 2 ** 40], dtype: "float32" }], new Uint8Array(4));
    expect(read).toThrow(/expected a list of extents/);
  });
});
