import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { digitSteps } from "@glyphcast/preprocess";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digitsFast } from "../recipes/digits-fast.ts";
import { buildManifest } from "./manifest.ts";
import { type Publication, publish } from "./publish.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "publish-"));
  await writeFile(join(root, "model.onnx"), "graph");
});
afterEach(() => rm(root, { recursive: true }));

const publication = (changes: Partial<Publication> = {}): Publication => ({
  models: join(root, "models"),
  name: "digits",
  from: root,
  manifest,
  ...changes,
});

const manifest = buildManifest({
  recipe: digitsFast,
  seed: 1,
  engine: "onnxruntime-node 1.30.0",
  dataset: { name: "MNIST", sha256: "0".repeat(64), labels: ["0", "1"], imageShape: [28, 28], preprocess: digitSteps },
  method: "probability",
  calibration: undefined,
  evaluation: { images: 10, errors: 1, accuracy: 0.9, confusion: [] },
  model: { bytes: 5, sha256: "1".repeat(64) },
  id: "run",
});

describe("publish", () => {
  it("makes a model repository for Triton, and adds versions to it", async () => {
    expect(await publish(publication())).toBe(join(root, "models", "digits", "1"));
    expect(await publish(publication())).toBe(join(root, "models", "digits", "2"));
    const folder = join(root, "models", "digits");
    expect((await readdir(folder)).sort()).toEqual(["1", "2", "config.pbtxt", "labels.txt"]);
    expect((await readdir(join(folder, "1"))).sort()).toEqual(["manifest.json", "model.onnx"]);
    expect(await readFile(join(folder, "labels.txt"), "utf8")).toBe("0\n1\n");
    expect(await readFile(join(folder, "config.pbtxt"), "utf8")).toMatchInlineSnapshot(`
      "name: "digits"
      platform: "onnxruntime_onnx"
      max_batch_size: 256
      input [
        { name: "pixels" data_type: TYPE_UINT8 dims: [ 28, 28 ] }
      ]
      output [
        { name: "logits" data_type: TYPE_FP32 dims: [ 2 ] },
        { name: "probabilities" data_type: TYPE_FP32 dims: [ 2 ] label_filename: "labels.txt" },
        { name: "confidence" data_type: TYPE_FP32 dims: [ 1 ] reshape: { shape: [ ] } }
      ]
      dynamic_batching { }
      "
    `);
  });

  it("refuses to put another kind of model among the versions of one", async () => {
    await publish(publication());
    const path = join(root, "models", "digits", "config.pbtxt");
    await expect(
      publish(publication({ manifest: { ...manifest, labels: ["zero", "one", "two"] } })),
    ).rejects.toMatchObject({ code: "OUTPUT", path });
    expect(await readdir(join(root, "models", "digits"))).toHaveLength(3);
  });

  it("leaves nothing behind when it fails", async () => {
    await expect(publish(publication({ from: join(root, "absent") }))).rejects.toMatchObject({ code: "OUTPUT" });
    expect(await readdir(join(root, "models"))).toEqual([]);
  });

  it("takes no path for a name", async () => {
    for (const name of ["../digits", "a/b", "", ".hidden"])
      await expect(publish(publication({ name }))).rejects.toMatchObject({ code: "USAGE" });
  });
});
