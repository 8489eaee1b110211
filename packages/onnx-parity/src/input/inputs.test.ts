import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeTensor, float32, int64, type Tensor, tensor } from "@glyphcast/onnx";
import { zipSync } from "fflate";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Feeds, Port } from "../target/protocol.ts";
import { npyFromTensor, tensorFromNpy } from "./npy.ts";
import { randomInputs } from "./random.ts";
import { readInputs } from "./read-inputs.ts";

const PORTS: Port[] = [
  { name: "x", dtype: "float32", shape: ["batch", 2] },
  { name: "n", dtype: "int64", shape: [3] },
];
const x = float32([1, 2], [0.5, -1]);
const n = int64([3], [1, 2, -3]);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "onnx parity "));
});
afterEach(() => rm(folder, { recursive: true }));

const runsIn = async (ports = PORTS): Promise<Feeds[]> => {
  const runs: Feeds[] = [];
  for await (const feeds of readInputs(folder, ports)) runs.push(feeds);
  return runs;
};

describe("a folder of inputs", () => {
  it("holds ONNX's test data, by name or by place", async () => {
    for (const [set, first, second] of [
      ["test_data_set_0", "", ""],
      ["test_data_set_10", "n", "x"],
      ["test_data_set_2", "x", "n"],
    ] as const) {
      await mkdir(join(folder, set));
      const [one, two] = first === "n" ? [n, x] : [x, n];
      await writeFile(join(folder, set, "input_0.pb"), encodeTensor(one, first));
      await writeFile(join(folder, set, "input_1.pb"), encodeTensor(two, second));
    }
    expect(await runsIn()).toEqual([
      { x, n },
      { x, n },
      { n, x },
    ]);
  });

  it("holds .npz files, one for each run, or .npy files for one", async () => {
    await writeFile(join(folder, "a.npz"), zipSync({ "x.npy": npyFromTensor(x), "n.npy": npyFromTensor(n) }));
    await writeFile(join(folder, "x.npy"), npyFromTensor(x));
    await writeFile(join(folder, "n.npy"), npyFromTensor(n));
    expect(await runsIn()).toEqual([
      { x, n },
      { x, n },
    ]);
  });

  it("may give an only input any name", async () => {
    await writeFile(join(folder, "photo.npy"), npyFromTensor(x));
    expect(await runsIn([PORTS[0]!])).toEqual([{ x }]);
  });

  it.each<[string, () => Promise<void>, RegExp]>([
    ["is empty", async () => {}, /there are no inputs in it/],
    ["holds a .npy that is none", () => writeFile(join(folder, "x.npy"), "text"), /x\.npy: is not a NumPy array/],
    ["holds a .npz that is none", () => writeFile(join(folder, "x.npz"), "text"), /x\.npz: is no \.npz/],
    ["holds a .pb that is none", () => writeFile(join(folder, "input_0.pb"), "text"), /input_0\.pb: Tensor/],
    ["is not there", () => rm(folder, { recursive: true }).then(() => {}), /there is no such folder/],
  ])("is refused by name when it %s", async (_, make, message) => {
    await make();
    await expect(runsIn()).rejects.toThrow(message);
    await mkdir(folder, { recursive: true });
  });
});

describe("NumPy's format", () => {
  it.each<Tensor>([
    x,
    n,
    float32([], [7]),
    tensor("bool", [2], Uint8Array.of(1, 0)),
    tensor("float16", [1, 1, 1], Uint16Array.of(0x3c00)),
    tensor("uint64", [1], BigUint64Array.of(2n ** 64n - 1n)),
  ])("comes back as it was: $dtype[$shape]", (given) => {
    expect(tensorFromNpy(npyFromTensor(given))).toEqual(given);
  });

  it("is refused where its bytes would be misread", () => {
    const text = new TextDecoder("latin1").decode(npyFromTensor(float32([2, 2], [1, 2, 3, 4])));
    const npy = (from: string, to: string) => Uint8Array.from(text.replace(from, to), (letter) => letter.charCodeAt(0));
    expect(() => tensorFromNpy(npy("False", "True "))).toThrow(/Fortran order/);
    expect(() => tensorFromNpy(npy("<f4", ">f4"))).toThrow(/elements of type >f4/);
    expect(() => tensorFromNpy(npy("2, 2", "2, 3"))).toThrow(/takes 24 bytes, found 16/);
  });
});

describe("random inputs", () => {
  it("are the same for the same seed, stay in their range and have the shapes asked for", () => {
    const draw = (seed: number) => [
      ...randomInputs(PORTS, { count: 2, seed, ranges: { n: [5, 6] }, shapes: { batch: 7 } }),
    ];
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(draw(1)[0]!.x!.shape).toEqual([7, 2]);
    expect(new Set(draw(1).flatMap(({ n: drawn }) => [...(drawn!.data as BigInt64Array)]))).toEqual(new Set([5n, 6n]));
  });

  it.each([
    [{ ranges: { pixels: [0, 1] as const } }, /--range pixels: the model has no such input\. It has: x, n/],
    [{ shapes: { height: 3 } }, /--shape height: the model has no such open dimension\. It has: batch, x\.0/],
  ])("refuse names that the model does not have", (options, message) => {
    expect(() => [...randomInputs(PORTS, options)]).toThrow(message);
  });
});
