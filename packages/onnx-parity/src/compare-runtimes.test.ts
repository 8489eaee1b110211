import { afterEach, describe, expect, it, vi } from "vitest";
import { compareRuntimes, type ParityReport } from "./compare-runtimes.ts";
import { randomInputs } from "./input/random.ts";
import type { Port } from "./target/protocol.ts";
import { classifier, endless } from "./testing.ts";

const random = (inputs: readonly Port[]) => randomInputs(inputs, { count: 3, shapes: { batch: 4 } });
const statuses = ({ runtimes }: ParityReport) =>
  Object.fromEntries(runtimes.map(({ runtime, status }) => [runtime, status]));

afterEach(() => vi.unstubAllEnvs());

describe("compareRuntimes", () => {
  it("compares every runtime with the reference, each where it really runs", async () => {
    const runtimes = ["node-cpu:1", "node-wasm", "browser-wasm:2", "browser-webgpu"];
    const report = await compareRuntimes({
      ...{ model: classifier(), runtimes, inputs: random, repeat: 2, profile: true },
    });
    expect(statuses(report)).toEqual({
      "node-cpu:1": "reference",
      "node-wasm": "agrees",
      "browser-wasm:2": "agrees",
      "browser-webgpu": "agrees",
    });
    expect(report).toMatchObject({ agrees: true, runs: 3, reference: "node-cpu:1" });
    const [cpu, nodeWasm, wasm, webgpu] = report.runtimes;
    expect(cpu!.environment).toMatchObject({ library: expect.stringMatching(/^onnxruntime-node \d/), threads: 1 });
    expect(wasm!.environment).toMatchObject({ runtime: expect.stringMatching(/^Chromium \d/), threads: 2 });
    for (const runtime of [cpu, nodeWasm, wasm])
      expect(runtime!.placement!.CPUExecutionProvider).toMatchObject({ MatMul: 2, ArgMax: 1 });
    expect(webgpu!.placement!.WebGpuExecutionProvider).toMatchObject({ MatMul: 2 });
    expect(webgpu!.unsteady).toBe(0);
    expect(webgpu!.environment).toMatchObject({ adapter: expect.stringContaining("swiftshader"), provider: "webgpu" });
    expect(report.machine).toMatchObject({ cpu: expect.any(String), cores: expect.any(Number) });
    const [logits, digit] = wasm!.outputs;
    expect(logits).toMatchObject({ output: "logits", elements: 60, decisions: { rows: 12, flips: 0 } });
    expect(digit).toMatchObject({ output: "class", dtype: "int64", differing: 0 });
  });

  it("runs Node's WebGPU on Chromium's SwiftShader where there is no GPU", async () => {
    const runtimes = ["node-cpu", "node-webgpu"];
    const report = await compareRuntimes({ model: classifier(), runtimes, inputs: random, profile: true });
    const { status, placement } = report.runtimes[1]!;
    expect(status).toBe("agrees");
    expect(placement!.WebGpuExecutionProvider).toMatchObject({ MatMul: 2 });
  });

  it("fails past the tolerance, and says which would have passed", async () => {
    const models = { "node-cpu:2": classifier(0.001) };
    const options = { model: classifier(), models, runtimes: ["node-cpu", "node-cpu:2"], inputs: random };
    const report = await compareRuntimes(options);
    expect(report.agrees).toBe(false);
    const [logits, digit] = report.runtimes[1]!.outputs;
    expect(digit!.agrees).toBe(true);
    const { atol } = logits!.needed!;
    expect((await compareRuntimes({ ...options, tolerance: { outputs: { logits: { atol } } } })).agrees).toBe(true);
  });

  it("never takes a runtime that is not there for agreement", async () => {
    vi.stubEnv("CHROME_PATH", "/nowhere/chromium");
    const report = await compareRuntimes({
      model: classifier(),
      runtimes: ["node-cpu", "browser-wasm"],
      inputs: random,
    });
    expect(report).toMatchObject({ agrees: false });
    expect(report.runtimes[1]).toMatchObject({ status: "unavailable", reason: expect.stringContaining("CHROME_PATH") });
  });

  it("ends a reference that hangs, and has nothing to compare with then", async () => {
    const options = { model: endless(), runtimes: ["node-cpu"], inputs: randomInputs, timeLimit: 1 };
    await expect(compareRuntimes(options)).rejects.toMatchObject({ code: "TIME_LIMIT", runtime: "node-cpu" });
  });

  it.each<[string, Parameters<typeof compareRuntimes>[0], object]>([
    [
      "a file that is none",
      { model: "/nowhere/model.onnx", inputs: random },
      { code: "FILE", path: "/nowhere/model.onnx" },
    ],
    [
      "bytes that are no model",
      { model: Uint8Array.of(1, 2, 3), runtimes: ["node-cpu"], inputs: random },
      { code: "FILE", message: expect.stringContaining("not an ONNX model") },
    ],
    [
      "a runtime of no such name",
      { model: classifier(), runtimes: ["node-cpu", "deno"], inputs: random },
      { runtime: "deno" },
    ],
    ["no inputs", { model: classifier(), runtimes: ["node-cpu"], inputs: [] }, { code: "NOTHING_COMPARED" }],
    [
      "an input that is missing",
      { model: classifier(), runtimes: ["node-cpu"], inputs: [{}] },
      { code: "INPUT", input: "x" },
    ],
  ])("refuses %s by name", async (_, options, error) => {
    await expect(compareRuntimes(options)).rejects.toMatchObject(error);
  });

  it("reports a model that one runtime refuses for that runtime only", async () => {
    const models = { "node-wasm": Uint8Array.of(1, 2, 3) };
    const runtimes = ["node-cpu:1", "node-wasm", "node-cpu:2"];
    const report = await compareRuntimes({ model: classifier(), models, runtimes, inputs: random });
    expect(report.agrees).toBe(false);
    expect(statuses(report)).toEqual({ "node-cpu:1": "reference", "node-wasm": "refused", "node-cpu:2": "agrees" });
  });
});
