// Pictures on their whole way through onnx-parity: decoded and prepared in Node and in a page, then the model.
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compareRuntimes, openPictures, type PageModules } from "@glyphcast/onnx-parity";
import { afterAll, beforeAll, expect, it } from "vitest";
import { run } from "../../packages/onnx-parity/src/command/run.ts";
import { openPagePictures } from "../../packages/onnx-parity/src/pictures/page-pictures.ts";
import { type OpenPage, openPage } from "../../packages/onnx-parity/src/target/open-page.ts";
import { sourceModules } from "../../scripts/parity/source-modules.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const model = join(root, "models/digits/1/model.onnx");
const fixture = (file: string) => join(root, "test/fixtures/pictures", file);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "parity pictures "));
  await mkdir(join(folder, "deeper"));
  for (const file of ["drawn.gif", "mnist-28.png", "palette.png"]) await copyFile(fixture(file), join(folder, file));
  await copyFile(fixture("alpha.webp"), join(folder, "deeper/Alpha.WEBP"));
  await copyFile(fixture("canvas-transparent.png"), join(folder, "notes.txt"));
  await writeFile(join(folder, "broken.png"), "no picture");
});
afterAll(() => rm(folder, { recursive: true }));

/** The sources, but for a page that turns every picture's pixels around. */
const turning: PageModules = {
  ...sourceModules,
  read: async (path) => (await sourceModules.read(path)).replace("return made.data", "return made.data.reverse()"),
};

it("compares what Node and a page make of each picture, and gives Node's to every runtime", async () => {
  const pictures = await openPictures({ model, folder, browser: true, modules: sourceModules });
  try {
    const { agrees, runs, runtimes } = await compareRuntimes({
      ...{ model, runtimes: ["node-cpu", "node-cpu:1"], inputs: pictures.inputs() },
    });
    expect({ agrees, runs }).toEqual({ agrees: true, runs: 1 });
    expect(runtimes[1]!.outputs[0]).toMatchObject({ output: "logits", shape: [4, 10] });
    expect(pictures.report()).toMatchObject({
      ...{ agrees: true, pictures: 5, equal: 3, refused: ["broken.png: PICTURE_UNSUPPORTED"] },
      readers: [expect.stringContaining("sharp"), expect.stringContaining("Chromium")],
      // Decoders of WebP may round.
      differences: [{ file: "deeper/Alpha.WEBP", mayDiffer: true, most: expect.toSatisfy((most) => most <= 4) }],
    });
  } finally {
    await pictures.close();
  }
});

it("does not pass where a page sees other pixels in a PNG", async () => {
  const pictures = await openPictures({ model, folder, browser: true, modules: turning });
  try {
    for await (const _ of pictures.inputs()) break;
    const { agrees, differences } = pictures.report();
    expect(agrees).toBe(false);
    expect(differences.map(({ file, mayDiffer }) => [file, mayDiffer])).toContainEqual(["mnist-28.png", false]);
  } finally {
    await pictures.close();
  }
});

it("starts a browser that died once more; when it dies again, says so", async () => {
  const opened: OpenPage[] = [];
  const open: typeof openPage = async (...given) => {
    opened.push(await openPage(...given));
    return opened.at(-1)!;
  };
  const reader = await openPagePictures(dirname(model), { seconds: 60, modules: sourceModules }, open);
  try {
    await opened[0]!.end();
    expect((await reader.read(fixture("mnist-28.png"))).pixels).toHaveLength(784);
    expect(opened).toHaveLength(2);
    await opened[1]!.end();
    await expect(reader.read(fixture("mnist-28.png"))).rejects.toMatchObject({ code: "PICTURES" });
  } finally {
    await reader.close();
  }
});

it("says in a terminal what went before the model", async () => {
  let [stdout, stderr] = ["", ""];
  const io = {
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
  };
  const call = (...argv: string[]) => run([...argv, "--on", "node-cpu,node-cpu:1"], io);
  expect(await call(model, "--images", folder)).toBe(0);
  expect(stdout).toContain("decoding and preprocessing (sharp, Node");
  expect(stdout).toContain("5 pictures, 1 refused, compared with no browser, for none is asked");
  expect(stdout).toContain("refused by all, broken.png: PICTURE_UNSUPPORTED");

  expect(await call(model, "--images", folder, "--shape", "batch=2")).toBe(2);
  expect(stderr).toContain("--shape and --images");
  expect(await call(join(folder, "model.onnx"), "--images", folder)).toBe(2);
  expect(stderr).toMatch(/manifest/);
  await mkdir(join(folder, "none"));
  expect(await call(model, "--images", join(folder, "none"))).toBe(2);
  expect(stderr).toContain("there is no PNG, JPEG, WebP or GIF file");
});
