import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDataset } from "./open-dataset.ts";
import { loadPictureFolder } from "./picture-folder.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "pictures-"));
});
afterEach(() => rm(root, { recursive: true }));

type Colour = { r: number; g: number; b: number };
const RED = { r: 250, g: 10, b: 20 };
const BLUE = { r: 10, g: 20, b: 250 };

async function draw(path: string, background: Colour, size = { width: 20, height: 10 }): Promise<void> {
  await mkdir(join(root, path, ".."), { recursive: true });
  await sharp({ create: { ...size, channels: 3, background } }).toFile(join(root, path));
}

/** So many pictures of each class, in folders below `part`. */
async function drawClasses(counts: Readonly<Record<string, number>>, part = "."): Promise<void> {
  for (const [name, count] of Object.entries(counts))
    for (let i = 0; i < count; i++) await draw(`${part}/${name}/${i}.png`, name === "red" ? RED : BLUE);
}

const firstPixel = (pixels: Uint8Array, image: number, size: number) => [
  ...pixels.subarray(image * size, image * size + 3),
];

describe("a folder for each class", () => {
  it("gives colour pictures of one size, and sets a sixth aside, class by class", async () => {
    await drawClasses({ red: 12, blue: 24 });
    const dataset = await loadPictureFolder(root, { size: { width: 8, height: 6 }, fit: "cover" });
    expect(dataset).toMatchObject({
      labels: ["blue", "red"],
      imageShape: [6, 8, 3],
      skipped: [],
      train: { count: 30 },
      preprocess: [
        { step: "color", paper: [255, 255, 255] },
        { step: "cover", width: 8, height: 6 },
      ],
    });
    const test = await dataset.test();
    expect([...test.labels].sort()).toEqual([0, 0, 0, 0, 1, 1]);
    for (const [i, label] of test.labels.entries())
      expect(firstPixel(test.pixels, i, 8 * 6 * 3)).toEqual(Object.values(label === 1 ? RED : BLUE));
    const again = await loadPictureFolder(root, { size: { width: 8, height: 6 }, fit: "cover" });
    expect(again.sha256).toBe(dataset.sha256);
    expect((await again.test()).labels).toEqual(test.labels);
  });

  it("takes PNG, JPEG, WebP and GIF, folders below folders, and numbers in their order", async () => {
    for (const name of ["10/a.jpg", "2/b.webp", "2/deeper/c.gif", "1/d.png", "10/e.png", "1/f.png"])
      await draw(name, RED);
    const { labels, train, test } = await loadPictureFolder(root);
    expect(labels).toEqual(["1", "2", "10"]);
    expect(train.count + (await test()).count).toBe(6);
  });

  it("is one level a pixel where that is asked for, and ink where digits are", async () => {
    await drawClasses({ red: 3, blue: 3 });
    expect((await loadPictureFolder(root, { grey: true })).imageShape).toEqual([32, 32]);
    const svg = Buffer.from('<svg width="60" height="40"><path d="M5 5h50v9H5z" /></svg>');
    for (const name of ["red", "blue"])
      await sharp(svg)
        .flatten({ background: "white" })
        .toFile(join(root, name, "0.png"));
    const digits = await loadPictureFolder(root, { fit: "digit", size: { width: 14, height: 14 } });
    expect(digits.train.count + (await digits.test()).count).toBe(2);
    expect(digits.skipped).toHaveLength(4);
    expect(digits.skipped[0]).toEqual({ path: "blue/1.png", reason: expect.stringMatching(/nothing drawn/) });
  });
});

describe("train/, val/ and test/", () => {
  it("are the splits as they stand", async () => {
    await drawClasses({ red: 4, blue: 3 }, "train");
    await drawClasses({ red: 1, blue: 2 }, "val");
    await drawClasses({ red: 2, blue: 1 }, "test");
    const dataset = await loadPictureFolder(root);
    expect(dataset).toMatchObject({ train: { count: 7 }, validation: { count: 3 } });
    expect((await dataset.test()).count).toBe(3);
  });

  it("may not have a class that there is nothing to train on of", async () => {
    await drawClasses({ red: 2, blue: 2 }, "train");
    await drawClasses({ red: 1, green: 1 }, "test");
    await expect(loadPictureFolder(root)).rejects.toMatchObject({
      code: "DATASET",
      path: join(root, "test", "green"),
      expected: "one of blue, red",
    });
  });
});

describe("is refused by name", () => {
  const refusal = () => loadPictureFolder(root).catch((error: unknown) => error);

  it("when there is no such folder, no class, or only one", async () => {
    await expect(loadPictureFolder(join(root, "absent"))).rejects.toMatchObject({ found: "no such folder" });
    expect(await refusal()).toMatchObject({ code: "DATASET", path: root, found: "no folder in it" });
    await drawClasses({ red: 3 });
    expect(await refusal()).toMatchObject({ found: "one class only, red" });
  });

  it("when a class has no pictures", async () => {
    await drawClasses({ red: 3, blue: 2 });
    await mkdir(join(root, "green"));
    expect(await refusal()).toMatchObject({ path: join(root, "green"), found: "no pictures" });
  });

  it("when there are fewer pictures than classes to train on", async () => {
    await drawClasses({ red: 1, blue: 1, a: 1 });
    await expect(openDataset(`images:${root}`, ".")).rejects.toMatchObject({ code: "DATASET", found: "2 pictures" });
  });
});

describe("a picture that cannot be read", () => {
  beforeEach(async () => {
    await drawClasses({ red: 3, blue: 3 });
    await writeFile(join(root, "red", "notes.txt"), "not a picture");
    const whole = await readFile(join(root, "red", "0.png"));
    await writeFile(join(root, "blue", "cut.png"), whole.subarray(0, 60));
    await draw("blue/huge.png", RED, { width: 8200, height: 2100 });
  });

  it("is left out and listed", async () => {
    const { skipped, train, test } = await loadPictureFolder(root);
    expect(train.count + (await test()).count).toBe(6);
    expect(skipped).toEqual([
      { path: "blue/cut.png", reason: expect.stringMatching(/ends after 60 bytes/) },
      { path: "blue/huge.png", reason: expect.stringMatching(/8200 × 2100 pixels/) },
      { path: "red/notes.txt", reason: expect.stringMatching(/text that begins "not a picture"/) },
    ]);
  });

  it("stops everything with strict", async () => {
    await expect(loadPictureFolder(root, { strict: true })).rejects.toMatchObject({
      code: "DATASET",
      path: expect.stringMatching(/(cut\.png|huge\.png|notes\.txt)$/),
    });
  });
});
