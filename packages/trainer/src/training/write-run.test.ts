import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digitsFast } from "../recipes/digits-fast.ts";
import type { Recipe } from "../recipes/recipe.ts";
import { openRunFolder } from "../report/run-folder.ts";
import { TrainReport } from "../report/train-report.ts";
import { testIo } from "../testing.ts";
import type { CreateEngine } from "./engine.ts";
import { createOnnxruntimeEngine } from "./onnxruntime-engine.ts";
import { settle } from "./settings.ts";
import { writeRun } from "./write-run.ts";

let out: string;
beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), "runs-"));
});
afterEach(() => rm(out, { recursive: true }));

/** onnxruntime, at an infinite learning rate from one epoch on. */
const runaway =
  (fromEpoch: number): CreateEngine =>
  async (...args) => {
    const engine = await createOnnxruntimeEngine(...args);
    return {
      ...engine,
      step: (batch, rate) => engine.step(batch, batch.epoch < fromEpoch ? rate : Number.POSITIVE_INFINITY),
    };
  };

const tiny: Recipe = {
  ...digitsFast,
  network: [
    { kind: "conv", filters: 2, kernel: 5, stride: 4 },
    { kind: "dense", units: "classes" },
  ],
  epochs: 3,
  batchSize: 20,
};

async function diverge(fromEpoch: number) {
  const io = testIo(out);
  const folder = await openRunFolder(out, "tiny");
  const run = writeRun({
    recipe: tiny,
    createEngine: runaway(fromEpoch),
    settings: settle({ limit: 60 }, out),
    folder,
    report: new TrainReport(io, { json: false }),
    signal: io.signal,
  });
  const error = await run.catch((error: unknown) => error);
  await folder.discard();
  return { error, id: folder.id, stdout: io.stdout.text() };
}

describe("a loss that is not a number", () => {
  it("stops the run, names the step, and keeps the figures up to there", async () => {
    const { error, id, stdout } = await diverge(1);
    expect(error).toMatchObject({
      code: "DIVERGED",
      exitCode: 2,
      epoch: 2,
      step: 1,
      tensor: "learningRate",
    });
    expect((error as Error).message).toMatch(/^Epoch 2, step 1 does not stay finite: .* learningRate went bad first/);
    expect(stdout).toContain(`${id}-diverged`);
    expect(await readdir(out)).toEqual([`${id}-diverged`]);
    expect((await readdir(join(out, `${id}-diverged`))).sort()).toEqual(["metrics.csv", "recipe.json"]);
    expect((await readFile(join(out, `${id}-diverged`, "metrics.csv"), "utf8")).split("\n")).toHaveLength(3);
  });

  it("leaves nothing when there is nothing to keep", async () => {
    const { error } = await diverge(0);
    expect(error).toMatchObject({ code: "DIVERGED", epoch: 1, step: 1 });
    expect(await readdir(out)).toEqual([]);
  });
});

it("a recipe may ask for a stress test, which the summary and the report then show", async () => {
  const io = testIo(out);
  const folder = await openRunFolder(out, "tiny");
  const { summary } = await writeRun({
    recipe: { ...tiny, epochs: 1, stress: true },
    createEngine: createOnnxruntimeEngine,
    settings: settle({ limit: 40 }, out),
    folder,
    report: new TrainReport(io, { json: false }),
    signal: io.signal,
  });
  const page = await readFile(join(folder.path, "report.html"), "utf8");
  await folder.discard();
  expect(summary.stress).toMatchObject({ images: 40, unchanged: { errors: summary.testErrors } });
  expect(summary.stress!.corruptions).toHaveLength(13);
  expect(page).toContain("Under stress");
  expect(page.match(/alt="a test picture: /g)).toHaveLength(15);
  expect(page).toContain('<th scope="row">impulse noise</th>');
});
