import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { firstImages, type LabelledImages } from "../datasets/labelled-images.ts";
import { loadMnist } from "../datasets/mnist.ts";
import { saveLayersModel } from "../model/artifacts.ts";
import { convertForServing } from "../model/convert.ts";
import { buildLayersModel } from "../model/layers-model.ts";
import { digitsFast } from "../recipes/digits-fast.ts";
import { type JudgeOptions, judge, misreadAmong } from "./judge.ts";
import { parityFailures } from "./parity.ts";

const quiet: JudgeOptions = { run: (_what, work) => work(), check: () => {} };
let folder: string;
let test: LabelledImages;

/** An untrained network, saved and converted. */
async function untrained(seed: number): Promise<{ onnx: string; modelJson: string }> {
  const directory = await mkdtemp(join(folder, "model-"));
  const model = await buildLayersModel(digitsFast.network, { imageShape: [28, 28], classes: 10, seed });
  await saveLayersModel(model, directory);
  const files = { onnx: join(directory, "model.onnx"), modelJson: join(directory, "model.json") };
  await convertForServing(files.modelJson, files.onnx, { metadata: {}, signal: new AbortController().signal });
  return files;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "judge-"));
  test = firstImages(await (await loadMnist()).test(), 20);
});
afterAll(() => rm(folder, { recursive: true }));

describe("judge", () => {
  it("finds that all runtimes give one model's answer", async () => {
    const { parity, evaluation, probabilities } = await judge(await untrained(1), test, 10, quiet);
    expect(parity.map(({ images }) => images)).toEqual([20, 20, 20]);
    expect(parityFailures(parity)).toEqual([]);
    expect(evaluation.images).toBe(20);
    expect(misreadAmong(test.labels, probabilities, [..."0123456789"])).toHaveLength(evaluation.errors);
  });

  it("finds that two models do not", async () => {
    const { onnx } = await untrained(1);
    const { modelJson } = await untrained(2);
    const { parity } = await judge({ onnx, modelJson }, test, 10, quiet);
    expect(parityFailures(parity)).toEqual([expect.stringMatching(/^TF\.js cpu: \d+ of 20 pictures/)]);
  });
});

it("a conversion that fails says why, with the child's exit code", async () => {
  const options = { metadata: {}, signal: new AbortController().signal };
  const absent = join(folder, "absent", "model.json");
  await expect(convertForServing(absent, join(folder, "x.onnx"), options)).rejects.toMatchObject({
    code: "CONVERSION",
    childExitCode: 2,
    stderr: expect.stringContaining("absent"),
  });
});
