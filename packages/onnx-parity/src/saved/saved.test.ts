import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { run } from "../command/run.ts";
import { classifier } from "../testing.ts";

let folder: string;
let stdout = "";
let stderr = "";
const call = (...argv: string[]) => {
  [stdout, stderr] = ["", ""];
  return run([join(folder, "model.onnx"), ...argv], {
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
  });
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "onnx parity saved "));
  await writeFile(join(folder, "model.onnx"), classifier());
});
afterEach(() => rm(folder, { recursive: true }));

it("compares with outputs that another machine kept", async () => {
  const kept = join(folder, "kept");
  expect(await call("--on", "node-cpu", "--save-outputs", kept)).toBe(0);
  expect(await call("--on", "node-cpu:2", "--load-outputs", kept)).toBe(0);
  expect(stdout).toContain("reference saved:node-cpu");
  expect(stdout).toContain("agree: node-cpu:2");
  expect(await call("--on", "node-cpu:2", "--load-outputs", kept, "--seed", "2")).toBe(2);
  expect(stderr).toMatch(/run 0 is not what the saved outputs were computed from/);
  expect(await call("--on", "node-cpu:2", "--load-outputs", folder)).toBe(2);
  expect(stderr).toMatch(/answers\.json: .*--save-outputs/);
});
