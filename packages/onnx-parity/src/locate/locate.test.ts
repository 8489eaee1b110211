import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeModel, encodeModel, float32, GraphBuilder, modelOf } from "@glyphcast/onnx";
import { afterEach, beforeEach, expect, it } from "vitest";
import { run } from "../command/run.ts";
import { randomInputs } from "../input/random.ts";
import type { Port } from "../target/protocol.ts";
import { ramp } from "../testing.ts";
import { locateDifference } from "./locate-difference.ts";

const BLOCKS = 15;

/** 60 nodes in blocks with a way around each; the weight of one block can be another. */
function deep(faulty?: number): Uint8Array {
  const g = new GraphBuilder("deep");
  let x = g.input("x", "float32", ["batch", 8]);
  for (let block = 0; block < BLOCKS; block++) {
    const weight = ramp(8, 8);
    if (block === faulty) weight.data[13]! += 0.01;
    const product = g.op("MatMul", [x, g.initializer(`block${block}/w`, weight)], {}, { name: `block${block}/matmul` });
    const bent = g.op("Tanh", [product], {}, { name: `block${block}/tanh` });
    const around = g.op("Mul", [x, g.floats(0.5)], {}, { name: `block${block}/around` });
    const outputs = [block === BLOCKS - 1 ? "y" : `block${block}/sum`];
    x = g.op("Add", [bent, around], {}, { name: `block${block}/add`, outputs });
  }
  g.output(x);
  return encodeModel(modelOf(g.build()));
}

const [feeds] = randomInputs([{ name: "x", dtype: "float32", shape: ["batch", 8] } satisfies Port], {
  shapes: { batch: 3 },
});

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "onnx parity locate "));
});
afterEach(() => rm(folder, { recursive: true }));

it("names the node whose weight was changed, among 60, within a minute", async () => {
  expect(decodeModel(deep()).graph.nodes).toHaveLength(60);
  const start = performance.now();
  const options = { model: deep(), reference: "node-cpu", runtime: "browser-wasm", feeds: feeds! };
  const search = await locateDifference({ ...options, other: deep(9) });
  expect(search).toMatchObject({ unmodified: true, unoptimised: true });
  expect(search.found).toMatchObject({
    node: 'MatMul "block9/matmul"',
    ...{ index: 36, nodes: 60, constants: ["block9/w"] },
    outputs: [{ agrees: false }],
    alone: [{ agrees: false }],
  });
  expect(search.probes).toBeLessThanOrEqual(8);
  expect(performance.now() - start).toBeLessThan(60_000);
});

it("finds nothing where nothing differs", async () => {
  const options = { model: deep(), reference: "node-cpu", runtime: "node-cpu:1", feeds: feeds! };
  expect(await locateDifference(options)).toEqual({
    ...{ unmodified: false, unoptimised: false, fusionChanged: [], probes: 1 },
  });
});

/** A convolution and a normalisation, which optimisers make one of, but for where the convolution's result is an output. */
function normalised(open: boolean): Uint8Array {
  const g = new GraphBuilder("normalised");
  const convolved = g.op("Conv", [g.input("x", "float32", [1, 3, 8, 8]), g.initializer("w", ramp(8, 3, 3, 3))]);
  const positive = Array.from({ length: 8 }, (_, i) => 0.3 + i / 7);
  const statistics = ["scale", "bias", "mean", "variance"].map((name) => g.initializer(name, float32([8], positive)));
  g.output(g.op("BatchNormalization", [convolved, ...statistics]), "y");
  if (open) g.output(convolved, "convolved");
  return encodeModel(modelOf(g.build()));
}

it("tells what an optimiser fused from a kernel that differs", async () => {
  const [inputs] = randomInputs([{ name: "x", dtype: "float32", shape: [1, 3, 8, 8] }]);
  const search = await locateDifference({
    ...{ model: normalised(false), other: normalised(true), feeds: inputs! },
    ...{ reference: "node-cpu:1", runtime: "node-cpu:1" },
    // Equal but for the rounding of the weights into which the normalisation was folded.
    tolerance: { rtol: 0 },
  });
  expect(search).toMatchObject({ unmodified: true, unoptimised: false, fusionChanged: ["node-cpu:1"] });
  expect(search.found).toMatchObject({
    op: "BatchNormalization",
    outputs: [{ agrees: true }],
    alone: [{ agrees: true }],
  });
});

it("writes a model of the one node, which differs again", async () => {
  const [model, other, found] = ["model.onnx", "other.onnx", "found"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  await writeFile(model, deep());
  await writeFile(other, deep(3));
  let stdout = "";
  const io = { stdout: { write: (text: string) => (stdout += text) }, stderr: { write: () => {} } };
  const on = ["--on", "node-cpu,node-cpu:1"];
  expect(await run([model, ...on, "--model-on", `node-cpu:1=${other}`, "--locate", found], io)).toBe(1);
  expect(stdout).toContain('first to differ: MatMul "block3/matmul", node 13 of 60');
  expect(stdout).toContain('constant "block3/w" is not the same in the two files');
  expect(decodeModel(await readFile(join(found, "model.onnx"))).graph.nodes).toHaveLength(1);
  const again = [join(found, "model.onnx"), ...on, "--model-on", `node-cpu:1=${join(found, "other.onnx")}`];
  expect(await run([...again, "--inputs", found], io)).toBe(1);
});

it("says that rounding adds up where the node alone agrees", async () => {
  const g = new GraphBuilder("sums");
  let x = g.input("x", "float32", ["batch", 64]);
  for (let i = 0; i < 6; i++) x = g.op("MatMul", [x, g.initializer(`w${i}`, float32([64, 64], ramp(64, 64).data))]);
  g.output(x, "y");
  const [inputs] = randomInputs([{ name: "x", dtype: "float32", shape: ["batch", 64] }], { shapes: { batch: 2 } });
  const model = encodeModel(modelOf(g.build()));
  const { found } = await locateDifference({
    ...{ model, reference: "node-cpu", runtime: "node-wasm", feeds: inputs! },
    tolerance: { rtol: 1e-6 },
  });
  // Whether and where the sums drift apart is the processor's affair; what is found must be a node of the chain.
  if (found) expect(found).toMatchObject({ op: "MatMul", constants: [], alone: [{ output: expect.any(String) }] });
});
