import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import sharp from "sharp";
import { expect, it } from "vitest";
import { accuracyPlot, confusionPlot, lossPlot } from "./page/plots.ts";
import { pngFromPlot } from "./png-from-plot.ts";

const epochs = [1, 2, 3].map((epoch) => ({
  epoch,
  loss: 1 / epoch,
  accuracy: 1 - 0.1 / epoch,
  validationLoss: 0.9 / epoch,
  validationAccuracy: epoch === 3 ? 1 : 0.9,
  learningRate: 1e-3,
  imagesPerSecond: 1000,
  seconds: 1,
}));

it("draws black and coloured ink on white", async () => {
  const { data, info } = await sharp(await pngFromPlot(lossPlot(epochs)))
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect([info.width, info.height, info.channels]).toEqual([688, 460, 3]);
  const colours = new Set<string>();
  for (let i = 0; i < data.length; i += 3) colours.add(data.subarray(i, i + 3).toString("hex"));
  for (const colour of ["ffffff", "000000", "d97706", "2f80ed"]) expect(colours).toContain(colour);
});

it("draws the same letters where the system has no font", async () => {
  const folder = await mkdtemp(join(tmpdir(), "fonts-"));
  const config = join(folder, "none.conf");
  await writeFile(config, `<?xml version="1.0"?><fontconfig><cachedir>${folder}</cachedir></fontconfig>`);
  const drawing = join(import.meta.dirname, "plot-files.letters.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, drawing], {
    env: { ...process.env, FONTCONFIG_FILE: config },
  });
  const here = await pngFromPlot(confusionPlot([[1]], ["letters"]));
  const pixels = (png: Buffer): Promise<Buffer> => sharp(png).raw().toBuffer();
  expect((await pixels(Buffer.from(stdout, "base64"))).equals(await pixels(here))).toBe(true);
  await rm(folder, { recursive: true });
});

it("draws what is right of everything, and what is wrong of everything", () => {
  for (const accuracy of [0, 1]) {
    const { text } = accuracyPlot(epochs.map((epoch) => ({ ...epoch, accuracy, validationAccuracy: accuracy })));
    expect(text).not.toMatch(/NaN|Infinity/);
  }
});

it("draws a confusion of many classes without numbers", () => {
  const labels = Array.from({ length: 40 }, (_, i) => `class ${i}`);
  const { text } = confusionPlot(
    labels.map((_, i) => labels.map((_, j) => (i === j ? 123 : 0))),
    labels,
  );
  expect(text).toContain("class 39");
  expect(text).not.toContain("123");
});
