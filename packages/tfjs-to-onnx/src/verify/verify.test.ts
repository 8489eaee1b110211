import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeModel, float32, type Graph, type Model } from "@glyphcast/onnx";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ConvertOptions } from "../convert.ts";
import { graphFromModel } from "../convert-model.ts";
import { TestGraph } from "../graph-model/testing.ts";
import { type ModelFiles, readModelFiles } from "../model-files.ts";
import type { Plugin } from "../plugin.ts";
import { digitModel, randomise, saveFiles, tfl } from "../testing.ts";
import { compare } from "./compare.ts";
import { diagnose } from "./debug.ts";
import { draw, randomFrom, sizesOf } from "./draw.ts";
import { ReferenceFailedError, RuntimeFailedError } from "./errors.ts";
import { loadPeers, type Peers } from "./peers.ts";
import { type Verification, verify } from "./verify.ts";

const l = tfl.layers;

let folder = "";
let peers: Peers;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "verify-"));
  peers = await loadPeers();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function filesOf(model: tfl.LayersModel): Promise<ModelFiles> {
  randomise(model);
  return readModelFiles(await saveFiles(model, await mkdtemp(join(folder, "model-"))));
}

/** Converts and compares; `change` spoils the conversion in between. */
async function verified(
  model: tfl.LayersModel,
  options: ConvertOptions = {},
  change: (model: Model) => Model = (same) => same,
): Promise<Verification> {
  const files = await filesOf(model);
  const onnx = change((await graphFromModel(files.modelJson, files.weights, options)).model);
  return verify(files, { bytes: encodeModel(onnx), graph: onnx.graph }, peers, { ...options, tolerance: 1e-4 });
}

const withInitializer = (model: Model, name: string, change: (value: number) => number): Model => {
  const { shape, data } = model.graph.initializers.get(name)!;
  const changed = float32(shape, Array.from(data as Float32Array, change));
  return { ...model, graph: { ...model.graph, initializers: new Map(model.graph.initializers).set(name, changed) } };
};

describe("verify", () => {
  it("compares every output on two batch sizes", async () => {
    const result = await verified(digitModel({ width: 2 }));
    expect(result.verdict).toBe("same");
    expect(result.rows.map(({ output, shape }) => [output, shape])).toEqual([
      ["dense", [1, 10]],
      ["dense", [2, 10]],
    ]);
    expect(result).toMatchObject({ reference: "TF.js 4.22.0 (cpu)", runtime: "onnxruntime 1.30.0 (cpu)", seed: 1 });
  });

  it("compares open heights and widths on two sizes, in either layout", async () => {
    const model = tfl.sequential({
      layers: [l.conv2d({ inputShape: [null, null, 3] as unknown as number[], filters: 2, kernelSize: 3, name: "c" })],
    });
    for (const inputLayout of ["nhwc", "nchw"] as const) {
      const { verdict, rows } = await verified(model, { inputLayout });
      expect(verdict).toBe("same");
      expect(rows.map(({ shape }) => shape)).toEqual([
        [1, 30, 62, 2],
        [2, 62, 30, 2],
      ]);
    }
  });

  it("takes larger sizes where TF.js refuses the first", async () => {
    const model = tfl.sequential({
      layers: [
        l.conv2d({ inputShape: [null, null, 1] as unknown as number[], filters: 1, kernelSize: 50 }),
        l.globalMaxPooling2d({}),
      ],
    });
    const { verdict, rows } = await verified(model);
    expect({ verdict, count: rows.length }).toEqual({ verdict: "same", count: 2 });
  });

  it.each([{}, { temperature: 2.5 }])("compares a classifier's three outputs with %j", async (classifier) => {
    const uint8Input = { scale: 1 / 255, offset: -0.5 };
    for (const activation of ["softmax", "linear"] as const) {
      const model = tfl.sequential({
        layers: [l.flatten({ inputShape: [6, 6, 1] }), l.dense({ units: 4, activation, name: "d" })],
      });
      const { verdict, rows } = await verified(model, { classifier, uint8Input });
      expect(verdict).toBe("same");
      expect(rows.slice(0, 3).map(({ output }) => output)).toEqual(["logits", "probabilities", "confidence"]);
    }
  });

  it.each([
    ["a wrong weight", (value: number) => value + 1e-2],
    ["what is not a number", () => Number.NaN],
  ])("sees %s", async (_, change) => {
    const spoil = (model: Model): Model => withInitializer(model, "dense/bias", change);
    const { verdict, rows } = await verified(
      tfl.sequential({ layers: [l.dense({ inputShape: [3], units: 2, name: "dense" })] }),
      {},
      spoil,
    );
    expect(verdict).toBe("differs");
    expect(rows.every((row) => row.maxRel > 1e-3)).toBe(true);
  });

  it("compares what masks leave out, and does without TF.js's slow initializers", async () => {
    const recurrent = l.lstm({ units: 3, recurrentInitializer: "zeros", name: "r" });
    const masked = [l.masking({ inputShape: [null, 2] as unknown as number[] }), recurrent];
    const files = await filesOf(tfl.sequential({ layers: masked }));
    // What Keras writes: tfjs-layers by itself cannot even run it.
    const text = JSON.stringify(files.modelJson).replace(
      /"recurrent_initializer":\{[^}]*\{[^}]*\}\}/g,
      '"recurrent_initializer":{"class_name":"Orthogonal","config":{"gain":1}}',
    );
    expect(text).toContain("Orthogonal");
    const modelJson = JSON.parse(text);
    const { model } = await graphFromModel(modelJson, files.weights);
    const conversion = { bytes: encodeModel(model), graph: model.graph };
    const { verdict } = await verify({ ...files, modelJson }, conversion, peers, { tolerance: 1e-5 });
    expect(verdict).toBe("same");
  });

  describe("where rounding moves TF.js's own answer", () => {
    // 1e4·(x₀ − x₁ + tiny) of inputs that nearly cancel: what is left is mostly rounding.
    const chaotic = (): tfl.LayersModel => {
      const x = tfl.input({ shape: [2], name: "x" });
      const tanh = l.dense({ units: 2, name: "a", activation: "tanh" }).apply(x) as tfl.SymbolicTensor;
      return tfl.model({ inputs: x, outputs: l.dense({ units: 1, name: "b" }).apply(tanh) as tfl.SymbolicTensor });
    };
    const amplified = async (change: (value: number) => number): Promise<readonly [ModelFiles, Model]> => {
      const files = await filesOf(chaotic());
      const set = (name: string, shape: number[], values: number[]) => files.weights.set(name, float32(shape, values));
      set("a/kernel", [2, 2], [1, 1, 1, 1]);
      set("a/bias", [2], [0, 1e-4]);
      set("b/kernel", [2, 1], [1e3, -1e3]);
      set("b/bias", [1], [0]);
      const shards = [new Uint8Array(Float32Array.of(1, 1, 1, 1, 0, 1e-4, 1e3, -1e3, 0).buffer)];
      const { model } = await graphFromModel(files.modelJson, files.weights);
      return [{ ...files, shards }, withInitializer(model, "b/bias", change)];
    };
    const compared = async (change: (value: number) => number, strict: boolean): Promise<Verification> => {
      const [files, model] = await amplified(change);
      const conversion = { bytes: encodeModel(model), graph: model.graph };
      return verify(files, conversion, peers, { tolerance: 1e-7, strict });
    };

    it("takes no more than that for a difference, and says so", async () => {
      const { verdict, rows } = await compared((bias) => bias + 3e-7, false);
      expect(verdict).toBe("same");
      expect(rows.some(({ note }) => /TF\.js's own moves by/.test(note ?? ""))).toBe(true);
      expect((await compared((bias) => bias + 3e-7, true)).verdict).toBe("differs");
    });

    it("still sees what is more", async () => {
      const { verdict, rows } = await compared((bias) => bias + 5e-3, false);
      expect(verdict).toBe("differs");
      expect(rows.every(({ note }) => note === undefined)).toBe(true);
    });
  });

  it("is no success where onnxruntime refuses the model, or TF.js does", async () => {
    const unknown = (model: Model): Model => ({
      ...model,
      graph: { ...model.graph, nodes: model.graph.nodes.map((node) => ({ ...node, op: "Shimmer" })) },
    });
    const model = tfl.sequential({ layers: [l.dense({ inputShape: [3], units: 2 })] });
    await expect(verified(model, {}, unknown)).rejects.toBeInstanceOf(RuntimeFailedError);

    const files = await filesOf(tfl.sequential({ layers: [l.dense({ inputShape: [3], units: 2, name: "d" })] }));
    const { model: onnx } = await graphFromModel(files.modelJson, files.weights);
    const json = structuredClone(files.modelJson) as {
      modelTopology: { config: { layers: { class_name: string }[] } };
    };
    json.modelTopology.config.layers[0]!.class_name = "Shimmer";
    const conversion = { bytes: encodeModel(onnx), graph: onnx.graph };
    await expect(verify({ ...files, modelJson: json }, conversion, peers, { tolerance: 1e-4 })).rejects.toSatisfy(
      (error) => error instanceof ReferenceFailedError && /Shimmer/.test(error.message),
    );
  });
});

describe("verify, of GraphModels", () => {
  /** Writes a graph as the TF.js converter does, converts and compares it. */
  async function filesOfGraph(build: (graph: TestGraph) => readonly string[]): Promise<ModelFiles> {
    const graph = new TestGraph();
    const outputs = build(graph);
    const { specs, data } = graph.weights();
    const path = await mkdtemp(join(folder, "graph-"));
    const weightsManifest = [{ paths: ["group1-shard1of1.bin"], weights: specs }];
    await writeFile(join(path, "model.json"), JSON.stringify({ ...graph.json(outputs), weightsManifest }));
    await writeFile(join(path, "group1-shard1of1.bin"), new Uint8Array(data));
    return readModelFiles(path);
  }

  async function verifiedGraph(build: (graph: TestGraph) => readonly string[]): Promise<Verification> {
    const files = await filesOfGraph(build);
    const { model } = await graphFromModel(files.modelJson, files.weights);
    return verify(files, { bytes: encodeModel(model), graph: model.graph }, peers, { tolerance: 1e-4 });
  }

  it("finds the first op that differs, past those that have a value in a loop's turns only", async () => {
    const files = await filesOfGraph((g) => {
      const x = g.input([2, 3], { open: [0], name: "x" });
      const enter = g.op("Enter", [g.op("Neg", [x])], { frame_name: "f", parallel_iterations: 10, is_constant: false });
      const start = g.op("Enter", [g.int(0)], { frame_name: "f", parallel_iterations: 10, is_constant: false });
      const [count, value] = [g.op("Merge", [start, "next_i"]), g.op("Merge", [enter, "next_x"])];
      const three = g.op("Enter", [g.int(3)], { frame_name: "f", parallel_iterations: 10, is_constant: true });
      const one = g.op("Enter", [g.int(1)], { frame_name: "f", parallel_iterations: 10, is_constant: true });
      const go = g.op("LoopCond", [g.op("Less", [count, three])]);
      const [i, y] = [g.op("Switch", [count, go]), g.op("Switch", [value, go])];
      g.op("NextIteration", [g.op("Add", [`${i}:1`, one])], {}, "next_i");
      g.op("NextIteration", [g.op("Tanh", [`${y}:1`])], {}, "next_x");
      return [g.op("Sin", [g.op("Cos", [g.op("Exit", [y])], {}, "cosine")])];
    });
    const cos: Plugin = { className: "Cos", build: (g, _config, _weights, [x]) => g.op("Sin", [x!]) };
    const { first, compared } = await diagnose(files, { plugins: [cos] }, peers, { tolerance: 1e-4 });
    expect(first?.output).toBe("cosine");
    expect(compared).toBe(3);
  });

  it("feeds inputs by the signature's order, of every type", async () => {
    const { verdict, rows } = await verifiedGraph((g) => {
      const ids = g.input([2, 3], { dtype: "int32", open: [0], name: "ids" });
      const flag = g.input([3], { dtype: "bool", name: "flag" });
      const x = g.input([2, 3], { open: [0], name: "x" });
      const looked = g.op("GatherV2", [g.const([4, 3]), ids, g.int(0)]);
      return [g.op("SelectV2", [flag, x, g.op("Neg", [x])]), g.op("Sum", [looked, g.ints([1])])];
    });
    expect(verdict).toBe("same");
    expect(rows.map(({ output, shape }) => [output, shape])).toEqual([
      ["out0", [1, 3]],
      ["out1", [1, 3]],
      ["out0", [2, 3]],
      ["out1", [2, 3]],
    ]);
  });

  it("compares batches of one where the model has no other in mind", async () => {
    const { verdict, rows } = await verifiedGraph((g) => {
      const x = g.input([1, 6], { open: [0], name: "x" });
      return [g.op("Reshape", [x, g.ints([1, 2, 3])])];
    });
    expect(verdict).toBe("same");
    expect(rows.map(({ shape }) => shape)).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
  });

  it("waits for ops whose shapes depend on values", async () => {
    const { verdict, rows } = await verifiedGraph((g) => {
      const x = g.input([5, 3], { open: [0], name: "x" });
      return [g.op("Where", [g.op("Greater", [x, g.float(0)])])];
    });
    expect(verdict).toBe("same");
    expect(rows.every(({ shape }) => shape.length === 2 && shape[1] === 2)).toBe(true);
  });
});

describe("compare", () => {
  const answer = (...values: number[]) => ({ shape: [values.length], data: Float32Array.from(values) });

  it("measures differences by the output's scale", () => {
    expect(compare(answer(400, 1), answer(400, 1.003), 1e-4)).toMatchObject({ verdict: "same" });
    expect(compare(answer(0.4, 0.1), answer(0.4, 0.103), 1e-4)).toMatchObject({ verdict: "differs" });
  });

  it("takes infinities and NaN to be equal to themselves only", () => {
    const odd = [Number.NaN, Number.POSITIVE_INFINITY, 1];
    expect(compare(answer(...odd), answer(...odd), 1e-4)).toEqual({ verdict: "same", maxAbs: 0, maxRel: 0 });
    for (const other of [Number.NaN, Number.NEGATIVE_INFINITY, 0])
      expect(compare(answer(other, 1), answer(Number.POSITIVE_INFINITY, 1), 1e-4).verdict).toBe("differs");
  });

  it("says where an agreement means little", () => {
    expect(compare(answer(0, 0), answer(0, 0), 1e-4).note).toMatch(/zeros/);
    expect(compare(answer(), answer(), 1e-4).note).toMatch(/empty/);
    expect(compare(answer(1), { shape: [1, 1], data: Float32Array.of(1) }, 1e-4)).toMatchObject({ verdict: "differs" });
  });
});

describe("draw", () => {
  const graph = (op: string, inputs: string[], extra: Partial<Graph> = {}): Graph => ({
    name: "g",
    inputs: [],
    outputs: [],
    initializers: new Map([["table", float32([7, 2], new Float32Array(14))]]),
    nodes: [
      { op: "Cast", domain: "", name: "cast", inputs: ["x"], outputs: ["i"], attributes: { to: 7 } },
      { op, domain: "", name: "n", inputs, outputs: ["y"], attributes: {} },
    ],
    values: new Map(),
    ...extra,
  });

  it("gives the same values for the same seed", () => {
    const input = { name: "x", dtype: "float32", shape: ["batch", 4] } as const;
    const once = (seed: number) => draw(graph("Relu", ["i"]), input, new Map([["batch", 3]]), randomFrom(seed));
    expect(once(1)).toEqual(once(1));
    expect(once(1)).not.toEqual(once(2));
    expect(once(1).shape).toEqual([3, 4]);
    expect(once(1).data.some((value) => value < 0)).toBe(true);
  });

  it("stays within the table that values look up", () => {
    const input = { name: "x", dtype: "float32", shape: [1000] } as const;
    const { data } = draw(graph("Gather", ["table", "i"]), input, new Map(), randomFrom(1));
    expect([...new Set(data)].toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it("ends the last of several sequences in zeros", () => {
    const input = { name: "x", dtype: "float32", shape: ["batch", 6, 2] } as const;
    const { data } = draw(graph("Relu", ["i"]), input, new Map([["batch", 2]]), randomFrom(1));
    expect(Array.from(data, (value) => value === 0).lastIndexOf(false)).toBe(19);
    expect(data.filter((value) => value === 0)).toHaveLength(4);
  });

  it("gives bytes their whole range, and booleans two values", () => {
    const values = (dtype: "uint8" | "bool" | "int32") =>
      new Set(draw(graph("Relu", ["x"]), { name: "x", dtype, shape: [5000] }, new Map(), randomFrom(1)).data);
    expect(values("uint8").size).toBe(256);
    expect(values("bool")).toEqual(new Set([0, 1]));
    expect(Math.max(...values("int32"))).toBe(9);
  });

  it("names each open extent once, with other sizes in the second run", () => {
    const inputs = [
      { name: "a", dtype: "float32", shape: ["batch", "height", "width", 3] },
      { name: "b", dtype: "int32", shape: ["batch", "steps"] },
    ] as const;
    expect(sizesOf(inputs, 0).map((sizes) => Object.fromEntries(sizes))).toEqual([
      { batch: 1, height: 32, width: 64, steps: 6 },
      { batch: 2, height: 64, width: 32, steps: 9 },
    ]);
  });
});

it("says which packages are missing, and both ways on", async () => {
  const loaders = { a: () => Promise.resolve({}), b: () => Promise.reject(new Error("Cannot find package 'b'")) };
  await expect(loadPeers(loaders)).rejects.toMatchObject({
    code: "TFJS_MISSING_PEERS",
    packages: ["b"],
    message: expect.stringMatching(/npm install b[\s\S]*--no-verify/),
  });
});
