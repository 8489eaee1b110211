import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { encodeModel, float32 } from "@glyphcast/onnx";
import { afterAll, beforeAll, expect, it } from "vitest";
import { graphFromModel } from "./convert-model.ts";
import { TestGraph } from "./graph-model/testing.ts";
import { type Plugin, PluginError } from "./plugin.ts";
import { run } from "./run.ts";
import { opsOf, randomise, saveFiles, tfc, tfl } from "./testing.ts";

const path = fileURLToPath(new URL("../examples/square.mjs", import.meta.url));
const { default: square } = (await import(path)) as { default: Required<Plugin> };

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "plugin-"));
  square.register({ core: tfc, layers: tfl, converter: undefined });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function command(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ["", ""];
  const code = await run(argv, {
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
  });
  return { code, out, err };
}

/** A model with a layer that only the plug-in knows. */
async function squareModel(): Promise<string> {
  const Square = tfc.serialization.SerializationMap.getMap().classNameMap.Square![0] as unknown as new (
    config: object,
  ) => tfl.layers.Layer;
  const model = tfl.sequential({
    layers: [
      tfl.layers.dense({ inputShape: [3], units: 4, name: "before" }),
      new Square({ name: "squared", factor: 3 }),
      tfl.layers.dense({ units: 2, name: "after" }),
    ],
  });
  randomise(model);
  return saveFiles(model, await mkdtemp(join(folder, "model-")));
}

it("converts a layer of one's own, and compares it with TF.js", async () => {
  const model = await squareModel();
  const { code, out, err } = await command(model, "-o", join(folder, "squared.onnx"), "--plugin", path);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toMatch(/Gemm ×2, Mul\n[\s\S]*verified/);

  const without = await command(model, "-o", join(folder, "x.onnx"), "--no-verify");
  expect(without).toMatchObject({ code: 2, err: expect.stringMatching(/Square: "squared"[\s\S]*--plugin file\.mjs/) });
});

it("finds the layer that a plug-in gets wrong", async () => {
  const wrong = join(folder, "wrong.mjs");
  await writeFile(
    wrong,
    `import square from ${JSON.stringify(path)};
export default { ...square, build: (graph, _config, _weights, [x]) => graph.op("Mul", [x, x]) };`,
  );
  const output = join(folder, "wrong.onnx");
  const { code, out } = await command(await squareModel(), "-o", output, "--plugin", wrong, "--debug");
  expect(code).toBe(1);
  expect(out).toMatch(/first to differ of 3: "squared" \[1, 4\]/);
  expect(await readdir(folder)).toContain("wrong.rejected.onnx");
});

it("gives a plug-in its layer's weights", async () => {
  const plugin: Plugin = {
    className: "Scale",
    build: (graph, config, weights, [x]) => {
      expect(Object.keys(weights)).toEqual(["factor"]);
      expect(config).toMatchObject({ name: "s", note: "hello" });
      return graph.op("Mul", [x!, weights.factor!]);
    },
  };
  const layer = { class_name: "Scale", config: { name: "s", note: "hello", batch_input_shape: [null, 2] } };
  const json = { class_name: "Sequential", config: { name: "m", layers: [layer] } };
  const weights = { "s/factor": float32([2], [3, 4]), "other/factor": float32([2], [5, 6]) };
  const { model } = await graphFromModel(json, weights, { plugins: [plugin] });
  expect([...model.graph.initializers.keys()]).toEqual(["s/factor"]);
  expect(encodeModel(model).length).toBeGreaterThan(0);
});

it("converts an op of one's own, whose attributes come as plain values", async () => {
  const graph = new TestGraph();
  const x = graph.input([2, 3]);
  graph.nodes.push({
    name: "mine",
    op: "Mine",
    input: [x],
    attr: {
      factor: { f: 2.5 },
      times: { i: "3" },
      mode: { s: btoa("fast") },
      on: { b: true },
      T: { type: "DT_FLOAT" },
    },
  });
  const json = { format: "graph-model", modelTopology: { node: graph.nodes } };
  const plugin: Plugin = {
    className: "Mine",
    build: (g, config, _weights, [input]) => {
      expect(config).toEqual({ factor: 2.5, times: 3, mode: "fast", on: true, T: "DT_FLOAT" });
      return g.op("Mul", [input!, g.floats(2.5)]);
    },
  };
  const { model } = await graphFromModel(json, {}, { plugins: [plugin] });
  expect(opsOf(model)).toEqual(["Mul"]);
  await expect(graphFromModel(json, {})).rejects.toThrow(/Mine: "mine"[\s\S]*plug-in/);
});

it.each<[string, string, RegExp]>([
  ["no module", "", /cannot be loaded/],
  ["no plug-in", "export default { build() {} };", /no plug-in, nor a list/],
  [
    "what throws",
    "export default { className: 'Square', build() { throw new Error('no idea'); } };",
    /fails on Square "squared": no idea/,
  ],
  ["what returns nothing", "export default { className: 'Square', build() {} };", /no value of the graph/],
])("refuses %s with exit code 2", async (_, code, message) => {
  const plugin = join(await mkdtemp(join(folder, "p-")), "plugin.mjs");
  if (code) await writeFile(plugin, code);
  const result = await command(await squareModel(), "-o", join(folder, "x.onnx"), "--plugin", plugin, "--no-verify");
  expect(result).toMatchObject({ code: 2, err: expect.stringMatching(message) });
});

it("wraps a plug-in's error, with its cause", async () => {
  const cause = new Error("no idea");
  const plugin: Plugin = {
    className: "S",
    build: () => {
      throw cause;
    },
  };
  const layer = { class_name: "S", config: { name: "s", batch_input_shape: [null, 2] } };
  const json = { class_name: "Sequential", config: { name: "m", layers: [layer] } };
  await expect(graphFromModel(json, {}, { plugins: [plugin] })).rejects.toThrow(
    expect.toSatisfy((error) => error instanceof PluginError && error.cause === cause),
  );
});
