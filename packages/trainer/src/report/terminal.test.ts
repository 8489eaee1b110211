import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { screen } from "../testing.ts";
import type { Progress } from "../training/progress.ts";
import { LiveLine } from "./live-line.ts";
import { paintFor } from "./paint.ts";
import { epochLine, progressLine } from "./progress-line.ts";
import { summaryText } from "./summary-text.ts";
import { thumbnails } from "./thumbnails.ts";

const plain = paintFor(screen({ isTTY: false }), {});
const colours = paintFor(screen({ isTTY: true }), {});

const progress: Progress = {
  epoch: 1,
  epochs: 3,
  step: 268,
  steps: 429,
  loss: 0.51234,
  accuracy: 0.96321,
  imagesPerSecond: 3412.4,
  remainingSeconds: 31,
};

describe("progressLine", () => {
  it("shows the epoch, a bar and the figures", () => {
    expect(progressLine(progress, 90, plain)).toMatchInlineSnapshot(
      `" epoch 1/3 ━━━━━━━━━──────   62 %  loss 0.512  accuracy 96.32 %  ETA 0:31  3,412 images/s"`,
    );
  });

  it("fits in any width, giving up the bar's length first and then the last figures", () => {
    for (const columns of [40, 60, 80, 100, 200])
      for (const paint of [plain, colours]) {
        const line = stripVTControlCharacters(progressLine(progress, columns, paint));
        expect(line.length).toBeLessThan(columns);
        expect(line).toContain("62 %");
      }
  });
});

it("epochLine keeps the held-out accuracy", () => {
  const record = { ...progress, validationLoss: 0.06, validationAccuracy: 0.9872, learningRate: 1e-3, seconds: 17.2 };
  expect(epochLine(record, 3, plain)).toMatchInlineSnapshot(
    `" epoch 1/3  loss 0.5123  accuracy 96.32 %  held-out 98.72 %  3,412 images/s  0:17"`,
  );
});

describe("LiveLine", () => {
  it("rewrites one line on a terminal, and takes it away for one that stays", () => {
    const output = screen({ isTTY: true, columns: 80 });
    const line = new LiveLine(output, {});
    line.show(() => "50 %");
    line.show(() => "too soon after the last");
    line.print("done");
    expect(output.text()).toBe("\r\x1b[2K50 %\r\x1b[2Kdone\n");
  });

  it("writes only what stays to a pipe or a dumb terminal", () => {
    for (const [options, env] of [
      [{ isTTY: false }, {}],
      [{ isTTY: true }, { TERM: "dumb" }],
    ] as const) {
      const output = screen(options);
      const line = new LiveLine(output, env);
      line.show(() => "50 %");
      line.print("done");
      line.clear();
      expect(output.text()).toBe("done\n");
    }
  });
});

describe("paintFor", () => {
  it("honours NO_COLOR and leaves pipes plain", () => {
    expect(colours.red("x")).toBe("\x1b[31mx\x1b[39m");
    expect(paintFor(screen({ isTTY: true }), { NO_COLOR: "1" }).red("x")).toBe("x");
    expect(plain.red("x")).toBe("x");
  });
});

describe("summaryText", () => {
  it("says how good, how sure, where it is and what to type next", () => {
    const parity = [
      { runtime: "onnxruntime-node cpu", images: 10_000, maxAbsDiff: 0, argmaxDisagreements: 0 },
      { runtime: "onnxruntime-web wasm", images: 10_000, maxAbsDiff: 2.4e-7, argmaxDisagreements: 0 },
    ];
    const mistake = (truth: string, guess: string) => ({ index: 0, truth, guess, probability: 0.8 });
    const lines = summaryText(
      {
        testAccuracy: 0.9947,
        testErrors: 53,
        trainSeconds: 40,
        imagesPerSecond: 4000,
        parameters: 80_122,
        model: { path: "runs/r/model/model.onnx", bytes: 322_401, sha256: "00" },
        parity,
        stress: {
          images: 10_000,
          unchanged: { accuracy: 0.9947, errors: 53 },
          corruptions: [
            { name: "fog", accuracy: 0.5, errors: 5_000 },
            { name: "zigzag", accuracy: 0.9, errors: 1_000 },
          ],
          meanAccuracy: 0.7,
          placement: { accuracy: 0.9931, errors: 69 },
        },
        calibration: {
          temperature: 0.45,
          reject: { method: "familiarity", threshold: 0.36 },
          from: "pictures held out",
        },
        ece: { before: 0.03, after: 0.002 },
        rejected: 0.006,
        strangers: [{ of: "noise", images: 250, rejected: 0.995, auroc: 0.999 }],
        validationAccuracy: 0.99,
        testImages: 10_000,
        recipe: "digits-fast",
        engine: "onnxruntime-node 1.30.0",
        seed: 1,
        epochs: 3,
        batchSize: 128,
        dataset: { name: "MNIST", sha256: "00" },
        totalSeconds: 50,
        peakMemoryBytes: 5e8,
        versions: {},
      },
      {
        run: "runs/r",
        files: [{ path: "model/model.onnx", bytes: 322_401, describe: "the model" }],
        misread: [mistake("4", "9"), mistake("7", "2"), mistake("4", "9"), mistake("7", "2"), mistake("4", "9")],
        gallery: [],
        published: "models/digits/1",
        next: [["npx glyphcast evaluate", "how well it knows each class"]],
      },
      plain,
    );
    expect(lines.join("\n")).toMatchInlineSnapshot(`
      "
       99.47 % of 10,000 test pictures read right, 53 errors
       most often 4 as 9 (3×), 7 as 2 (2×)
       70.00 % where damaged in 2 ways, 99.31 % drawn on a canvas

       Calibrated on pictures held out: temperature 0.450, expected calibration error 3.00 %, now 0.20 %
       Rejected below a confidence of 0.360: 0.60 % of the test pictures
       and of drawings of nothing: noise 99.5 %

       Same answer everywhere  pictures  largest difference  other answers
       onnxruntime-node cpu      10,000           reference
       onnxruntime-web wasm      10,000              2.4e-7              0

       Report runs/r/report.html

       Files in runs/r
       model/model.onnx  322.4 kB  the model
       Published as models/digits/1

       Next
       npx glyphcast evaluate  how well it knows each class
      "
    `);
  });
});

it("thumbnails draws two pixels of ink with each character", () => {
  const pixels = new Uint8Array(4 * 4).fill(255, 8);
  const images = { pixels, labels: Uint8Array.of(1), count: 1, imageShape: [4, 4] as const };
  const cell = "\x1b[38;5;232;48;5;255m▀";
  expect(thumbnails(images, [0], "")).toEqual([`${cell}${cell}\x1b[0m`]);
});
