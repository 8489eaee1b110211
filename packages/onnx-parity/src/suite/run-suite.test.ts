import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeModel, encodeTensor, float32, GraphBuilder, modelOf, type Tensor } from "@glyphcast/onnx";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../command/run.ts";
import { UnavailableError } from "../errors.ts";
import { startTarget } from "../target/start.ts";
import { endless } from "../testing.ts";
import { runSuite, type SuiteReport } from "./run-suite.ts";

const x = float32([4], [1, 2, 3, 4]);
const negated = (domain: string) => {
  const g = new GraphBuilder("negated");
  const type = { dtype: "float32", shape: [4] } as const;
  g.output(g.op("Neg", [g.input("x", "float32", [4])], {}, { domain, types: [type] }), "y", type);
  return encodeModel(modelOf(g.build(), { opsets: { "": 17, ...(domain && { [domain]: 1 }) } }));
};

let folder: string;

async function test(name: string, model: Uint8Array, expected: readonly Tensor[]) {
  for (const [i, output] of expected.entries()) {
    const set = join(folder, name, `test_data_set_${i}`);
    await mkdir(set, { recursive: true });
    await writeFile(join(set, "input_0.pb"), encodeTensor(x, "x"));
    await writeFile(join(set, "output_0.pb"), encodeTensor(output, "y"));
  }
  await writeFile(join(folder, name, "model.onnx"), model);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "onnx parity suite "));
  const right = float32([4], [-1, -2, -3, -4]);
  await test("a_right", negated(""), [right, right]);
  await test("b_hangs", endless(), [x]);
  await test("c_unknown", negated("org.example"), [x]);
  await test("deeper/d_wrong", negated(""), [right, x]);
  await test("e_right", negated(""), [right]);
});
afterAll(() => rm(folder, { recursive: true }));

const ONE_LEFT = {
  ...{ passed: 2, failed: 2, unsupported: 1, crashed: 1 },
  tests: [
    { name: "a_right", status: "passed", detail: "" },
    { name: "b_hangs", status: "failed", detail: expect.stringContaining("did not answer within 1 s") },
    { name: "c_unknown", status: "unsupported", detail: expect.stringContaining("Neg") },
    { name: "deeper/d_wrong", status: "failed", detail: expect.stringMatching(/"y": 4 of 4 .* worst at \[3\]/) },
    { name: "e_right", status: "passed", detail: "" },
  ],
};

describe("onnx-parity suite", () => {
  it("judges every test on every runtime, and goes on past one that hangs", async () => {
    const report = await runSuite({ folder, runtimes: ["node-cpu", "browser-wasm"], timeLimit: 1 });
    expect(report.total).toBe(5);
    expect(report.runtimes).toMatchObject([
      { runtime: "node-cpu", ...ONE_LEFT },
      { runtime: "browser-wasm", ...ONE_LEFT },
    ]);
  });

  it("fails what is left, and says why, where a runtime that crashed does not start again", async () => {
    let starts = 0;
    const once: typeof startTarget = async (spec) => {
      if (starts++ > 0) throw new UnavailableError(spec.label, "it was taken away.");
      return startTarget(spec);
    };
    const report = await runSuite({ folder, runtimes: ["node-cpu"], timeLimit: 1 }, once);
    expect(starts).toBe(4);
    expect(report.runtimes).toMatchObject([{ passed: 1, failed: 4, unsupported: 0, crashed: 1 }]);
    expect(report.runtimes[0]!.tests.at(-1)!.detail).toContain("did not start again. it was taken away.");
  });

  it("prints JSON, and exits 0 only where no test failed", async () => {
    let stdout = "";
    const io = { stdout: { write: (text: string) => (stdout += text) }, stderr: { write: () => {} } };
    const call = (...argv: string[]) => {
      stdout = "";
      return run(["suite", folder, "--on", "node-cpu", ...argv], io);
    };
    expect(await call("--only", "right", "--json")).toBe(0);
    const { runtimes } = JSON.parse(stdout) as SuiteReport;
    expect(runtimes).toMatchObject([{ runtime: "node-cpu", passed: 2, failed: 0, unsupported: 0 }]);
    expect(await call("--only", "wrong")).toBe(1);
    expect(stdout).toMatch(/node-cpu deeper\/d_wrong: failed/);
    expect(await call("--only", "nothing")).toBe(2);
    expect(await run(["suite", folder, "--on", "tfjs"], io)).toBe(2);
    expect(await run(["suite", folder, "--on", "node-cuda", "--only", "right"], io)).toBe(2);
  });
});
