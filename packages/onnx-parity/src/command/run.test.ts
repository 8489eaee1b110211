import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tensor } from "@glyphcast/onnx";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ParityReport } from "../compare-runtimes.ts";
import { npyFromTensor } from "../input/npy.ts";
import { classifier, endless, fickle, negation } from "../testing.ts";
import { run } from "./run.ts";

let folder: string;
let model: string;
let other: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "onnx parity "));
  model = join(folder, "model.onnx");
  await writeFile(model, classifier());
  other = join(folder, "other.onnx");
  await writeFile(other, classifier(0.01));
});
afterAll(() => rm(folder, { recursive: true }));

async function call(argv: readonly string[], isTTY = false) {
  let [stdout, stderr] = ["", ""];
  const code = await run(argv, {
    stdout: { write: (text) => (stdout += text), isTTY },
    stderr: { write: (text) => (stderr += text) },
  });
  return { code, stdout, stderr };
}

const TWO = ["--on", "node-cpu,node-wasm"];

describe("onnx-parity MODEL", () => {
  it("prints a table and exits 0 when they agree, with no colours in a pipe", async () => {
    const { code, stdout, stderr } = await call([model, ...TWO, "--shape", "batch=7", "--random", "2"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/node-wasm +logits +float32\[7,5\] .* 14\/14 +agrees/);
    expect(stdout).toContain("agree: node-wasm");
    expect(stdout).not.toContain("\u001b");
  });

  it("exits 1 when they differ, and prints the tolerance that would have passed", async () => {
    const { code, stdout } = await call([model, ...TWO, "--model-on", `node-wasm=${other}`], true);
    expect(code).toBe(1);
    expect(stdout).toMatch(/--atol \S+ or --rtol \S+ would pass/);
    expect(stdout).toContain("\u001b[31m");
  });

  it("prints its report as JSON", async () => {
    const { code, stdout } = await call([model, "--on", "node-cpu,node-cpu:1", "--json"]);
    const report = JSON.parse(stdout) as ParityReport;
    expect(code).toBe(0);
    expect(report).toMatchObject({ agrees: true, model: { name: "model.onnx" }, reference: "node-cpu", runs: 4 });
  });

  it("exits 2 when a runtime that is required is not available", async () => {
    // CUDA is nowhere that these tests run.
    const on = ["--on", "node-cpu,node-cpu:1,node-cuda"];
    expect(await call([model, ...on])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("not available: node-cuda"),
    });
    expect(await call([model, ...on, "--require"])).toMatchObject({ code: 2 });
  });

  it("exits 1 when a runtime does not repeat itself, and says so", async () => {
    const path = join(folder, "fickle.onnx");
    await writeFile(path, fickle());
    const { code, stdout } = await call([path, "--on", "node-cpu", "--random", "1", "--repeat", "3"]);
    expect(code).toBe(1);
    expect(stdout).toContain("2 runs did not repeat");
  });

  it("exits 2 when a runtime that hangs had to be ended, and compares the others", async () => {
    const [path, hanging] = [join(folder, "negation.onnx"), join(folder, "endless.onnx")];
    await writeFile(path, negation());
    await writeFile(hanging, endless());
    const on = ["--on", "node-cpu,node-cpu:1,node-wasm", "--model-on", `node-wasm=${hanging}`, "--time-limit", "2"];
    const { code, stdout } = await call([path, ...on]);
    expect(code).toBe(2);
    expect(stdout).toMatch(/node-wasm +crashed: node-wasm did not answer within 2 s and was ended/);
    expect(stdout).toContain("agree: node-cpu:1; could not run: node-wasm");
  });

  it("asks whether the answer depends on the batch", async () => {
    const { code, stdout } = await call([model, "--on", "node-cpu", "--batch", "1,5"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/node-cpu +1 +logits +\S+ +(the same bits|agrees)/);
  });

  it("writes reports, and says where it cannot", async () => {
    const files = ["report.xml", "report.html"].map((name) => join(folder, name)) as [string, string];
    const two = [model, "--on", "node-cpu,node-cpu:1"];
    expect(await call([...two, "--junit", files[0], "--html", files[1]])).toMatchObject({ code: 0 });
    expect(await readFile(files[0], "utf8")).toContain("<testsuites");
    expect(await readFile(files[1], "utf8")).toContain("model.onnx: the same answer");
    const nowhere = join(folder, "absent", "report.xml");
    expect(await call([...two, "--junit", nowhere])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("cannot be written"),
    });
  });

  it("exits 2 for files that are no model, and for inputs that do not fit it", async () => {
    const text = join(folder, "text.onnx");
    await writeFile(text, "not a model");
    const refused = { code: 2, stdout: "" };
    expect(await call([text, "--on", "node-cpu"])).toMatchObject({
      ...{ ...refused, stderr: expect.stringContaining("text.onnx: These bytes are not an ONNX model") },
    });
    const inputs = join(folder, "inputs");
    await mkdir(inputs);
    await writeFile(join(inputs, "x.npy"), npyFromTensor(tensor("uint8", [1, 6], new Uint8Array(6))));
    expect(await call([model, "--on", "node-cpu", "--inputs", inputs])).toMatchObject({
      ...{ ...refused, stderr: 'error Input "x" is uint8, the model takes float32.\n' },
    });
    await writeFile(join(inputs, "y.npy"), npyFromTensor(tensor("float32", [1], new Float32Array(1))));
    await rm(join(inputs, "x.npy"));
    await writeFile(join(inputs, "z.npy"), npyFromTensor(tensor("float32", [1], new Float32Array(1))));
    expect(await call([model, "--on", "node-cpu", "--inputs", inputs])).toMatchObject({
      ...{ ...refused, stderr: 'error Input "x" is missing. Given: y, z.\n' },
    });
  });

  it.each([
    ["no model", [], /Not enough non-option arguments/],
    ["a model that is not there", ["missing.onnx"], /missing\.onnx: there is no such file/],
    ["an unknown runtime", ["--on", "node-cpu,bun"], /There is no runtime "bun"/],
    ["an unknown flag", ["--fast"], /Unknown argument: fast/],
    ["a range that is none", ["--range", "x=3"], /--range is "x=3", expected NAME=LOW\.\.HIGH/],
    ["a dimension that is not there", [...TWO, "--shape", "height=3"], /--shape height/],
    ["a tolerance that is none", ["--rtol", "little"], /--rtol is "little"/],
    ["a seed that is none", ["--seed", "spring"], /--seed is NaN/],
    [
      "a model for nobody",
      [...TWO, "--model-on", "node-webgpu=other.onnx"],
      /given for node-webgpu, which is not among/,
    ],
    ["no inputs", [...TWO, "--random", "0"], /--random is 0/],
    ["no time", ["--time-limit", "0"], /--time-limit is 0, expected a number above 0/],
    ["TF.js without a model of its own", ["--on", "node-cpu,tfjs"], /tfjs runs the model .* --tfjs model\.json/],
    ["two kinds of inputs", ["--images", "a", "--inputs", "b"], /--inputs and --images are two kinds of inputs/],
  ])("says what is wrong with %s and exits 2", async (what, flags, message) => {
    const argv = what === "no model" || flags[0] === "missing.onnx" ? flags : [model, ...flags];
    const { code, stdout, stderr } = await call(argv);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(message);
  });
});
