import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openArchitecture } from "./architecture.ts";
import { saveLayersModel } from "./artifacts.ts";
import { buildLayersModel } from "./layers-model.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "network-"));
});
afterAll(() => rm(folder, { recursive: true }));

const OPTIONS = { imageShape: [6, 4], classes: 3, seed: 1 } as const;

async function module(name: string, body: string): Promise<string> {
  await writeFile(join(folder, name), body);
  return join(folder, name);
}

const DENSE = `export const build = ({ tf, inputShape, classes }) => tf.sequential({ layers: [
  tf.layers.flatten({ inputShape }),
  tf.layers.dense({ units: classes, name: "out" ACTIVATION }),
] });`;

const weightsOf = async (path: string, seed: number) =>
  (await (await openArchitecture(path)).build({ ...OPTIONS, seed }))
    .getWeights()
    .map((weight) => [...weight.dataSync()]);

describe("a network from a module", () => {
  it("is drawn from the seed, and ends in a softmax", async () => {
    const path = await module("logits.mjs", DENSE.replace("ACTIVATION", ""));
    const architecture = await openArchitecture(path);
    expect(architecture).toMatchObject({ file: "logits.mjs", bytes: DENSE.length - "ACTIVATION".length });
    const model = await architecture.build(OPTIONS);
    expect(model.layers.map((layer) => layer.getClassName())).toEqual(["InputLayer", "Flatten", "Dense", "Softmax"]);
    expect(await weightsOf(path, 1)).toEqual(await weightsOf(path, 1));
    expect(await weightsOf(path, 1)).not.toEqual(await weightsOf(path, 2));
    const own = await openArchitecture(await module("own.mjs", DENSE.replace("ACTIVATION", ', activation: "softmax"')));
    expect((await own.build(OPTIONS)).layers).toHaveLength(2);
  });

  it.each([
    ["no build", "export const network = 1;", "no function build"],
    ["a build that returns nothing", "export const build = () => {};", "something else returned"],
    ["a syntax error", "export const build = (", "a module that does not load"],
    [
      "another number of classes",
      DENSE.replace("units: classes", "units: 4").replace("ACTIVATION", ""),
      "an output of shape [batch, 4]",
    ],
  ])("is refused with %s", async (what, body, found) => {
    const path = await module(`${what.replaceAll(" ", "-")}.mjs`, body);
    const refused = openArchitecture(path).then((architecture) => architecture.build(OPTIONS));
    await expect(refused).rejects.toMatchObject({ code: "ARCHITECTURE", path, found: expect.stringContaining(found) });
  });
});

describe("a network from TF.js's JSON", () => {
  it("starts from the weights beside it", async () => {
    const network = [{ kind: "dense", units: "classes" }] as const;
    const saved = await buildLayersModel(network, { ...OPTIONS, seed: 5 });
    await saveLayersModel(saved, folder);
    const expected = saved.getWeights().map((weight) => [...weight.dataSync()]);
    expect(await weightsOf(join(folder, "model.json"), 9)).toEqual(expected);
    await rm(join(folder, "weights.bin"));
    await expect(openArchitecture(join(folder, "model.json"))).rejects.toMatchObject({ found: "no weights" });
  });

  it("is refused where it is none, or not for such pictures", async () => {
    const path = await module("text.json", "no JSON");
    await expect(openArchitecture(path)).rejects.toMatchObject({ code: "ARCHITECTURE", found: "no JSON" });
    await expect(openArchitecture(join(folder, "absent.json"))).rejects.toMatchObject({ found: "no such file" });
    await expect(openArchitecture("model.onnx")).rejects.toMatchObject({ code: "USAGE" });
    const empty = await openArchitecture(await module("empty.json", "{}"));
    await expect(empty.build(OPTIONS)).rejects.toMatchObject({ code: "ARCHITECTURE" });
  });
});
