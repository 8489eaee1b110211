import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ParityReport } from "../compare-runtimes.ts";
import { classifier } from "../testing.ts";
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
  ])("says what is wrong with %s and exits 2", async (what, flags, message) => {
    const argv = what === "no model" || flags[0] === "missing.onnx" ? flags : [model, ...flags];
    const { code, stdout, stderr } = await call(argv);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(message);
  });
});
