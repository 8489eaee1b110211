import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "onnx-proto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../command/run.ts";
import { compareRuntimes } from "../compare-runtimes.ts";
import { randomInputs } from "../input/random.ts";
import { locateDifference } from "../locate/locate-difference.ts";
import { classifier } from "../testing.ts";
import { modelFrom } from "./model-file.ts";

/** Anything but zero, which readers might take for no offset. */
const OFFSET = 64;

/** The classifier, its two weights in files of their own. nudge: of the second. */
function split(location: string, nudge = 0): { readonly model: Uint8Array; readonly weights: Uint8Array } {
  const model = onnx.ModelProto.decode(classifier(nudge));
  const parts: Uint8Array[] = [new Uint8Array(OFFSET)];
  let offset = OFFSET;
  for (const weight of model.graph!.initializer!) {
    const { rawData } = weight;
    const said = { location, offset: `${offset}`, length: `${rawData!.length}` };
    const externalData = Object.entries(said).map(([key, value]) => ({ key, value }));
    Object.assign(weight, { rawData: new Uint8Array(0), dataLocation: 1, externalData });
    parts.push(rawData!);
    offset += rawData!.length;
  }
  return { model: onnx.ModelProto.encode(model).finish(), weights: Buffer.concat(parts) };
}

let folder: string;
let whole: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "onnx parity external "));
  whole = await write("whole", "weights/w.bin");
});
afterAll(() => rm(folder, { recursive: true }));

async function write(name: string, location: string, nudge = 0): Promise<string> {
  const { model, weights } = split(location, nudge);
  await mkdir(join(folder, name, "weights"), { recursive: true });
  await writeFile(join(folder, name, "model.onnx"), model);
  await writeFile(join(folder, name, "weights/w.bin"), weights);
  return join(folder, name, "model.onnx");
}

describe("a model whose weights lie in other files", () => {
  it("gives the same answer on every runtime as with its weights inside", async () => {
    const report = await compareRuntimes({
      ...{ model: whole, models: { "node-cpu:1": classifier() } },
      runtimes: ["node-cpu", "node-cpu:1", "node-wasm", "browser-wasm"],
      inputs: (ports) => randomInputs(ports, { shapes: { batch: 3 } }),
    });
    expect(report.runtimes.map(({ status }) => status)).toEqual(["reference", "agrees", "agrees", "agrees"]);
    expect(report.model.external).toEqual({ "weights/w.bin": expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  it("can be searched for the first difference", async () => {
    const [feeds] = randomInputs([{ name: "x", dtype: "float32", shape: ["batch", 6] }]);
    const { found } = await locateDifference({
      ...{ model: whole, other: await write("nudged", "weights/w.bin", 0.1), feeds: feeds! },
      ...{ reference: "node-cpu", runtime: "node-cpu:1" },
    });
    expect(found).toMatchObject({ op: "MatMul", constants: ["head"] });
  });

  it.each<[string, () => Promise<string>, RegExp]>([
    ["not there", () => write("missing", "other.bin"), /There is no such file/],
    ["above the model", () => write("above", "../whole/weights/w.bin"), /outside of the model's folder/],
    ["at an absolute path", () => write("absolute", join(folder, "whole/weights/w.bin")), /from the model's folder/],
    ["on another drive", () => write("drive", "C:\\w.bin"), /from the model's folder/],
    [
      "behind a link to elsewhere",
      async () => {
        const model = await write("linked", "weights/link.bin");
        await symlink(whole, join(folder, "linked/weights/link.bin"));
        return model;
      },
      /outside of the model's folder/,
    ],
    [
      "cut short",
      async () => {
        const model = await write("short", "weights/w.bin");
        await writeFile(join(folder, "short/weights/w.bin"), new Uint8Array(100));
        return model;
      },
      /ends after 100 bytes, and the model reads it up to \d+/,
    ],
  ])("is refused by name, and ends with 2, when one is %s", async (_, make, message) => {
    const model = await make();
    await expect(modelFrom(model)).rejects.toMatchObject({ code: "EXTERNAL_DATA", model, tensor: "w" });
    let stderr = "";
    const io = { stdout: { write: () => {} }, stderr: { write: (text: string) => (stderr += text) } };
    expect(await run([model, "--on", "node-cpu,node-wasm"], io)).toBe(2);
    expect(stderr).toMatch(message);
  });

  it("is refused as bytes, which have no folder", async () => {
    await expect(modelFrom(split("w.bin").model)).rejects.toMatchObject({
      ...{ code: "EXTERNAL_DATA", location: "w.bin", message: expect.stringContaining("give its path") },
    });
  });
});
