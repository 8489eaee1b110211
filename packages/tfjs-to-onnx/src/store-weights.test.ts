import {
  checkModel,
  decodeModel,
  encodeModel,
  float32,
  GraphBuilder,
  type Model,
  modelOf,
  sizeOf,
} from "@glyphcast/onnx";
import { expect, it } from "vitest";
import { graphFromModel } from "./convert-model.ts";
import { halfFromNumber } from "./half.ts";
import { storeWeights } from "./store-weights.ts";
import type { Weight, Weights } from "./stored-weight.ts";
import { expectSame, feedsOf, noiseOf, opsOf, randomise, runOnnx, save, tfl } from "./testing.ts";
import { weightsFromBytes } from "./weights.ts";

const l = tfl.layers;

type Dtype = "uint8" | "uint16" | "float16";

/** Quantises as the TF.js converter does; with `nudged`, so that one code is exactly zero. */
function quantise({ data }: Weight, dtype: Dtype, nudged: boolean): [object, Uint8Array] {
  const values = data as Float32Array;
  if (dtype === "float16") return [{ dtype }, new Uint8Array(Uint16Array.from(values, halfFromNumber).buffer)];
  const most = dtype === "uint8" ? 255 : 65535;
  const [low, high] = [Math.min(0, ...values), Math.max(1e-3, ...values)];
  const scale = (high - low) / most;
  const min = nudged ? -Math.round(-low / scale) * scale : low - scale / 3;
  const codes = Array.from(values, (value) => Math.max(0, Math.min(most, Math.round((value - min) / scale))));
  const bytes = dtype === "uint8" ? Uint8Array.from(codes) : new Uint8Array(Uint16Array.from(codes).buffer);
  return [{ dtype, scale, min }, bytes];
}

function quantised(weights: Weights, dtype: Dtype, nudged = true): { weights: Weights; bytes: number } {
  const parts = Array.from(weights, ([name, tensor]) => {
    const [quantization, bytes] = quantise(tensor, dtype, nudged);
    return { spec: { name, shape: tensor.shape, dtype: "float32", quantization }, bytes };
  });
  const whole = new Uint8Array(parts.flatMap(({ bytes }) => [...bytes]));
  return {
    weights: weightsFromBytes(
      parts.map(({ spec }) => spec),
      whole,
    ),
    bytes: whole.length,
  };
}

/** A normalisation goes into the convolution before it, the input's scale into it too, rows move behind the flattening. */
const network = () =>
  tfl.sequential({
    layers: [
      l.rescaling({ inputShape: [8, 8, 3], scale: 2 }),
      l.conv2d({ filters: 16, kernelSize: 3, padding: "same", useBias: false, name: "conv" }),
      l.batchNormalization({ name: "norm" }),
      l.depthwiseConv2d({ kernelSize: 6, padding: "same", name: "depth" }),
      l.flatten(),
      l.dense({ units: 8, name: "dense" }),
    ],
  });

async function converted(dtype: Dtype, nudged: boolean) {
  const model = network();
  randomise(model);
  const saved = await save(model);
  const { weights, bytes } = quantised(saved.weights, dtype, nudged);
  const options = [{ weights: "float32" }, { weights: "keep" }] as const;
  const converted = await Promise.all(options.map((how) => graphFromModel(saved.json, weights, how)));
  const [plain, kept] = converted.map(({ model }) => model) as [Model, Model];
  checkModel(kept);
  const [feed] = feedsOf(model);
  const name = plain.graph.inputs[0]!.name;
  const [expected, found] = [await runOnnx(plain, { [name]: feed! }), await runOnnx(kept, { [name]: feed! })];
  expectSame(found.dense!, expected.dense!);
  const raw = (kind: string) => [...kept.graph.initializers.values()].filter(({ dtype: found }) => found === kind);
  const stored = raw(dtype).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  expect(stored).toBeGreaterThan(bytes / (dtype === "uint8" ? 1 : 2) - 200);
  expect(raw("float32").every(({ data }) => data.length <= 16)).toBe(true);
  return kept;
}

it.each<[Dtype, boolean, Record<string, number>]>([
  ["uint8", true, { DequantizeLinear: 2, Cast: 1, Mul: 1, Add: 1 }],
  ["uint8", false, { DequantizeLinear: 0, Cast: 3, Mul: 3, Add: 3 }],
  ["uint16", true, { DequantizeLinear: 0, Cast: 3, Mul: 3 }],
  ["float16", true, { DequantizeLinear: 0, Cast: 3, Mul: 1 }],
])("keeps %s weights (zero exact: %s), folded factors beside them", async (dtype, nudged, expected) => {
  const ops = opsOf(await converted(dtype, nudged));
  const counts = Object.fromEntries(
    Object.keys(expected).map((op) => [op, ops.filter((other) => other === op).length]),
  );
  expect(counts).toEqual(expected);
});

it("keeps a file as small as it was", async () => {
  const model = tfl.sequential({ layers: [l.dense({ inputShape: [300], units: 200, name: "d" })] });
  randomise(model);
  const saved = await save(model);
  const { weights, bytes } = quantised(saved.weights, "uint8");
  const { model: kept } = await graphFromModel(saved.json, weights, { weights: "keep" });
  const { length } = encodeModel(kept);
  expect(length).toBeLessThan((bytes + JSON.stringify(saved.json).length) * 1.05);
  expect(decodeModel(encodeModel(kept)).graph.initializers.get("d/kernel/uint8")).toMatchObject({ shape: [300, 200] });
});

it("dequantises 16 bits by DequantizeLinear where the operator set can", async () => {
  const values = noiseOf(1, 512);
  const tensor = float32([2, 4, 8, 8], values) as Weight;
  const { weights } = quantised(new Map([["w", tensor]]), "uint16");
  const g = new GraphBuilder("g", 21);
  g.output(g.op("Conv", [g.input("x", "float32", ["batch", 4, 8, 8]), g.initializer("w", weights.get("w")!)]), "y");
  const versions = { irVersion: 10, opsets: { "": 21 } };
  const model = modelOf(g.build(), versions);
  const kept = storeWeights(model, "keep");
  expect(opsOf(kept)).toEqual(["DequantizeLinear", "Conv", "Identity"]);
  const feeds = { x: { data: noiseOf(2, 256), shape: [1, 4, 8, 8] } };
  expectSame((await runOnnx(kept, feeds)).y!, (await runOnnx(model, feeds)).y!);
});

it("rounds to half precision on request, but not what that cannot hold", async () => {
  const g = new GraphBuilder("g");
  const small = g.initializer("small", float32([2, 256], noiseOf(1, 512)));
  const large = g.initializer("large", float32([256], new Float32Array(256).fill(1e6)));
  g.output(g.op("Add", [g.op("MatMul", [g.input("x", "float32", ["batch", 2]), small]), large]), "y");
  const halved = storeWeights(modelOf(g.build()), "float16");
  expect(halved.graph.initializers.get("small/float16")).toMatchObject({ dtype: "float16", shape: [2, 256] });
  expect(halved.graph.initializers.get("large")).toMatchObject({ dtype: "float32" });
  const feeds = { x: { data: noiseOf(2, 6), shape: [3, 2] } };
  expectSame((await runOnnx(halved, feeds)).y!, (await runOnnx(modelOf(g.build()), feeds)).y!, 1e-3);
});

it("stores values where codes no longer say them", () => {
  const { weights } = quantised(new Map([["w", float32([2, 256], noiseOf(1, 512)) as Weight]]), "uint8");
  const weight = weights.get("w")!;
  const changed = { ...weight, data: (weight.data as Float32Array).map((value) => value + 1) } as Weight;
  const g = new GraphBuilder("g");
  g.output(g.op("MatMul", [g.input("x", "float32", ["batch", 2]), g.initializer("w", changed)]), "y");
  const { graph } = storeWeights(modelOf(g.build()), "keep");
  expect(graph.initializers.get("w")).toBe(changed);
});
