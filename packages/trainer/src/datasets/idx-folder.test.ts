import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadIdxFolder } from "./idx-folder.ts";
import { openDataset } from "./open-dataset.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "idx-"));
});
afterEach(() => rm(folder, { recursive: true }));

function idx(shape: readonly number[], data: readonly number[]): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.writeUInt32BE(0x0800 | shape.length, 0);
  for (const [axis, size] of shape.entries()) header.writeUInt32BE(size, 4 + 4 * axis);
  return Buffer.concat([header, Buffer.from(data)]);
}

const pictures = (count: number, height: number, width: number) =>
  idx([count, height, width], new Array<number>(count * height * width).fill(7));

/** Four training and two test pictures of 3 × 5. */
const whole = (): Record<string, Buffer> => ({
  "train-images-idx3-ubyte": pictures(4, 3, 5),
  "train-labels-idx1-ubyte": idx([4], [0, 1, 2, 1]),
  "t10k-images-idx3-ubyte": pictures(2, 3, 5),
  "t10k-labels-idx1-ubyte": idx([2], [2, 0]),
});

async function write(files: Readonly<Record<string, Buffer | string>>): Promise<string> {
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return folder;
}

describe("a folder of four IDX files", () => {
  it("may have pictures of any size and any number of classes", async () => {
    const dataset = await loadIdxFolder(await write(whole()));
    expect(dataset).toMatchObject({ labels: ["0", "1", "2"], imageShape: [3, 5], train: { count: 4 } });
    expect(dataset.preprocess.at(-1)).toEqual({ step: "contain", width: 5, height: 3, background: 255 });
    expect([...(await dataset.test()).labels]).toEqual([2, 0]);
  });

  it("may be compressed, have dots for dashes, and names for the classes", async () => {
    const plain = await loadIdxFolder(await write(whole()));
    await rm(folder, { recursive: true });
    folder = await mkdtemp(join(tmpdir(), "idx-"));
    const zipped = Object.entries(whole()).map(([name, bytes], i) => [
      `${i % 2 === 0 ? name : name.replace("-idx", ".idx")}.gz`,
      gzipSync(bytes),
    ]);
    const dataset = await loadIdxFolder(
      await write({ ...Object.fromEntries(zipped), "labels.txt": "ant\nbee\ncat\n" }),
    );
    expect(dataset.labels).toEqual(["ant", "bee", "cat"]);
    expect(dataset.sha256).toBe(plain.sha256);
  });
});

describe("is refused, naming the file", () => {
  const gz = gzipSync(pictures(4, 3, 5));
  it.each<[what: string, changes: Record<string, Buffer | string>, file: string, found: string]>([
    [
      "labels that are too few",
      { "train-labels-idx1-ubyte": idx([3], [0, 1, 2]) },
      "train-labels-idx1-ubyte",
      "3 labels",
    ],
    [
      "a file of pictures where labels belong",
      { "t10k-labels-idx1-ubyte": pictures(2, 3, 5) },
      "t10k-labels-idx1-ubyte",
      "magic number 0x00000803",
    ],
    [
      "pictures cut short",
      { "train-images-idx3-ubyte": pictures(4, 3, 5).subarray(0, 40) },
      "train-images-idx3-ubyte",
      "24 elements",
    ],
    [
      "test pictures of another size",
      { "t10k-images-idx3-ubyte": pictures(2, 5, 3) },
      "t10k-images-idx3-ubyte",
      "pictures of 5 × 3",
    ],
    [
      "a test label that is not trained on",
      { "t10k-labels-idx1-ubyte": idx([2], [3, 0]) },
      "t10k-labels-idx1-ubyte",
      "label 3 at picture 0",
    ],
    ["a label without a name", { "labels.txt": "ant\nbee\n" }, "train-labels-idx1-ubyte", "label 2 at picture 2"],
    ["a name given twice", { "labels.txt": "ant\nbee\nant" }, "labels.txt", '"ant"'],
    [
      "no pictures",
      { "t10k-images-idx3-ubyte": pictures(0, 3, 5), "t10k-labels-idx1-ubyte": idx([0], []) },
      "t10k-images-idx3-ubyte",
      "0 pictures of 3 × 5",
    ],
    [
      "a gzip file cut short",
      { "train-images-idx3-ubyte": "", "train-images.idx3-ubyte.gz": gz.subarray(0, 20) },
      "train-images.idx3-ubyte.gz",
      "a gzip file cut short after 20 bytes",
    ],
    [
      "what is called .gz and is not",
      { "train-images-idx3-ubyte": "", "train-images.idx3-ubyte.gz": pictures(4, 3, 5) },
      "train-images.idx3-ubyte.gz",
      "no gzip file",
    ],
  ])("%s", async (_, changes, file, found) => {
    const files: Record<string, Buffer | string> = { ...whole(), ...changes };
    if (files["train-images-idx3-ubyte"] === "") delete files["train-images-idx3-ubyte"];
    await expect(loadIdxFolder(await write(files))).rejects.toMatchObject({
      code: "DATASET",
      path: join(folder, file),
      found: expect.stringContaining(found),
    });
  });

  it("when one is missing, or all", async () => {
    const { "t10k-images-idx3-ubyte": _, ...files } = whole();
    await expect(loadIdxFolder(await write(files))).rejects.toMatchObject({
      path: join(folder, "t10k-images-idx3-ubyte"),
      found: "no such file",
    });
    await expect(loadIdxFolder(join(folder, "absent"))).rejects.toMatchObject({ found: "no such folder" });
  });

  it("when all pictures are of one class", async () => {
    await write({
      ...whole(),
      "train-labels-idx1-ubyte": idx([4], [1, 1, 1, 1]),
      "t10k-labels-idx1-ubyte": idx([2], [1, 0]),
    });
    await expect(openDataset(`idx:${folder}`, ".")).rejects.toMatchObject({ found: "pictures of one class only" });
  });

  it("when a colour or a size is asked for that it does not have", async () => {
    await write(whole());
    for (const options of [{ grey: false }, { size: { width: 3, height: 3 } }, { fit: "digit" as const }])
      await expect(openDataset(`idx:${folder}`, ".", options)).rejects.toMatchObject({ code: "USAGE" });
  });
});
