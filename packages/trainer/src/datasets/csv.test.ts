import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadCsv, readCsvPictures } from "./csv.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "csv-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(...lines: string[]): Promise<string> {
  const path = join(folder, "train.csv");
  await writeFile(path, lines.join("\n"));
  return path;
}

const HEADER = "label,pixel0,pixel1,pixel2,pixel3";

describe("a CSV file in Kaggle's layout", () => {
  it("gives pictures with their labels, and sets a sixth aside", async () => {
    const rows = Array.from({ length: 12 }, (_, i) => `${i % 3},${i},1,2,255`);
    const dataset = await loadCsv(await file(HEADER, ...rows));
    expect(dataset).toMatchObject({
      name: "train.csv",
      labels: ["0", "1", "2"],
      imageShape: [2, 2],
      train: { count: 10 },
    });
    const { train } = dataset;
    for (const [i, label] of train.labels.entries()) expect(train.pixels[4 * i]! % 3).toBe(label);
    expect([...train.pixels.subarray(1, 4)]).toEqual([1, 2, 255]);
    expect((await dataset.test()).count).toBe(2);
  });

  it("may have no labels, a byte order mark, quotes, blank lines and pictures that are not square", async () => {
    const path = await file("\ufeffpixel0,pixel1,pixel2", '"1", 2,3', "", "4,5,6", "");
    const { pixels, labels, count, imageShape } = await readCsvPictures(path, { size: { width: 3, height: 1 } });
    expect({ labels, count, imageShape }).toEqual({ labels: undefined, count: 2, imageShape: [1, 3] });
    expect([...pixels]).toEqual([1, 2, 3, 4, 5, 6]);
    await expect(loadCsv(path, { size: { width: 3, height: 1 } })).rejects.toMatchObject({ found: "no column label" });
  });

  it("is read in any length", async () => {
    const path = await file(HEADER, ...Array.from({ length: 5000 }, (_, i) => `1,${i % 256},0,0,7`));
    const { pixels, count } = await readCsvPictures(path);
    expect([count, pixels.length, pixels[4 * 4999], pixels.at(-1)]).toEqual([5000, 20_000, 4999 % 256, 7]);
  });
});

describe("is refused with its line", () => {
  it.each<[what: string, lines: string[], line: number, found: string]>([
    ["an empty file", [""], 1, "an empty file"],
    ["a header alone", [HEADER], 2, "no row after the header"],
    ["rows without a header", ["5,0,0,0,0"], 1, 'column "5"'],
    ["columns in another order", ["label,pixel0,pixel2,pixel1,pixel3"], 1, 'column "pixel2"'],
    ["labels alone", ["label"], 1, "no column pixel0"],
    ["a number of pixels that is no square", ["label,pixel0,pixel1,pixel2"], 1, "3 pixels"],
    ["a row too short", [HEADER, "1,0,0,0,0", "1,0,0,0"], 3, "4 columns"],
    ["a row too long", [HEADER, "1,0,0,0,0,0"], 2, "6 columns"],
    ["no number", [HEADER, "1,0,ink,0,0"], 2, 'pixel1 = "ink"'],
    ["nothing", [HEADER, "1,0,,0,0"], 2, 'pixel1 = ""'],
    ["a value above 255", [HEADER, "1,0,0,0,0", "2,0,0,256,0"], 3, 'pixel2 = "256"'],
    ["a value below 0", [HEADER, "1,0,0,-1,0"], 2, 'pixel2 = "-1"'],
    ["a fraction", [HEADER, "1,0,0,0.5,0"], 2, 'pixel2 = "0.5"'],
    ["a label that is no class", [HEADER, "cat,0,0,0,0"], 2, 'label = "cat"'],
    ["a label out of range", [HEADER, "256,0,0,0,0"], 2, 'label = "256"'],
    ["a quote left open", [HEADER, '"1,0,0,0,0'], 2, "Quote Not Closed"],
  ])("%s", async (_, lines, line, found) => {
    await expect(loadCsv(await file(...lines))).rejects.toMatchObject({
      code: "DATASET",
      path: join(folder, "train.csv"),
      line,
      found: expect.stringContaining(found),
    });
  });

  it("but for a file that is not there", async () => {
    await expect(loadCsv(join(folder, "absent.csv"))).rejects.toMatchObject({ code: "DATASET", found: "no such file" });
  });
});
