import { describe, expect, it } from "vitest";
import { digitsTiny } from "../recipes/digits-tiny.ts";
import { cardMarkdown } from "./card-markdown.ts";
import { modelCard } from "./model-card.ts";
import { reportPage } from "./page/page.ts";
import type { RunReport } from "./run-report.ts";

const scores = { precision: 0.9, recall: 0.9, f1: 0.9, support: 1000 };
const picture = { src: "data:image/png;base64,", width: 1, height: 1 };
const report: RunReport = {
  schemaVersion: 1,
  id: "2026-03-01T12-30-45-digits-tiny",
  labels: ["cat", "dog | <b>"],
  summary: {
    testAccuracy: 0.9,
    testErrors: 200,
    testImages: 2000,
    trainSeconds: 40,
    totalSeconds: 50,
    imagesPerSecond: 4000,
    parameters: 8202,
    model: { path: "runs/r/model/model.onnx", bytes: 33_000, sha256: "ab" },
    parity: [
      { runtime: "onnxruntime-node cpu", images: 2000, maxAbsDiff: 0, argmaxDisagreements: 0 },
      { runtime: "TF.js cpu", images: 500, maxAbsDiff: 2.4e-7, argmaxDisagreements: 0 },
    ],
    validationAccuracy: 0.9,
    recipe: "digits-tiny",
    engine: "onnxruntime-node 1.30.0",
    seed: 1,
    epochs: 2,
    batchSize: 128,
    dataset: { name: "pets", sha256: "cd" },
    peakMemoryBytes: 5e8,
    versions: { glyphcast: "0.1.0" },
    ece: { before: 0.03, after: 0.02 },
    rejected: 0.004,
  },
  recipe: digitsTiny,
  about: {
    imageShape: [32, 48, 3],
    preprocess: [{ step: "contain", width: 48, height: 32, background: 255 }],
    rejectBelow: 0,
    training: 9000,
    perClass: [1000, 8000],
    heldOut: 800,
    skipped: 2,
    limit: undefined,
    licence: undefined,
  },
  epochs: [],
  learningRates: [],
  confusion: [
    [900, 100],
    [100, 900],
  ],
  classes: { perClass: [scores, scores], macro: scores, weighted: scores },
  calibration: { bins: [], ece: 0.02 },
  misread: [],
  misreadInAll: 200,
  doubtful: [],
  stress: undefined,
  augmented: picture,
  filters: undefined,
};

describe("the model card", () => {
  const text = (changes: Partial<RunReport> = {}) => JSON.stringify(modelCard({ ...report, ...changes }));

  it("has the sections of model cards, with what the run found", () => {
    expect(modelCard(report).map(({ title }) => title)).toEqual([
      "Model details",
      "Intended use",
      "Factors",
      "Metrics",
      "Data",
      "Training procedure",
      "Ethical considerations",
      "Caveats",
      "How to load it",
    ]);
    for (const fact of ["95 % interval 88.60 % to 91.23 %", "1,000 to 8,000 of each", "2 pictures that could not be"])
      expect(text()).toContain(fact);
    expect(text()).toContain("Some classes had 8 times the pictures of others.");
    expect(text()).toContain('licence","not known to Glyphcast');
  });

  it("says what is worth knowing only where it is so", () => {
    expect(text()).not.toContain("--limit");
    const { about, summary } = report;
    expect(text({ about: { ...about, limit: 300 } })).toContain("Made with --limit 300");
    expect(text({ about: { ...about, rejectBelow: 0.7 } })).toContain("0.40 % of the test pictures were");
    expect(text({ about: { ...about, heldOut: 0 } })).toContain('"held out","none');
    expect(text({ summary: { ...summary, testImages: 20, testErrors: 2 } })).toContain("20 test pictures say little");
    const parity = [{ runtime: "TF.js cpu", images: 500, maxAbsDiff: 0.1, argmaxDisagreements: 3 }];
    expect(text({ summary: { ...summary, parity } })).toContain("The runtimes disagree: TF.js cpu on 3");
    const recipe = { ...digitsTiny, network: { file: "net.mjs", sha256: "ef", bytes: 10 } };
    expect(text({ recipe })).toContain("of net.mjs, SHA-256 ef");
  });

  it("is escaped, as Markdown and on the page", () => {
    expect(cardMarkdown(report)).toContain("| dog \\| <b> |");
    expect(reportPage(report)).not.toContain("<b>");
  });

  it("is left out of reports that lack what it says", () => {
    const { about: _, ...older } = report;
    expect(reportPage(older as RunReport)).not.toContain("Model card");
  });
});
