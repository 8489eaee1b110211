import { checkModel } from "@glyphcast/onnx";
import { describe, expect, it, vi } from "vitest";
import { image } from "../../test/zoo/images.ts";
import { ZOO } from "../../test/zoo/zoo.ts";
import { activationNames } from "../activations.ts";
import { graphFromLayers } from "../convert.ts";
import { expectConverts, expectSame, feedsOf, opsOf, randomise, runOnnx, runTfjs, save, tfc, tfl } from "../testing.ts";
import { CELLS } from "./recurrent/cells.ts";
import { LAYERS } from "./rules.ts";

const l = tfl.layers;

// TF.js warns that it does not save initial states as keyword arguments; they are saved as inputs.
vi.spyOn(console, "warn").mockImplementation(() => {});

it("every class that TF.js registers has a rule, or stands where one reads it", () => {
  const { classNameMap } = tfc.serialization.SerializationMap.getMap();
  const registered = Object.entries(classNameMap).filter(([, [layer]]) => layer.prototype instanceof l.Layer);
  const names = registered.map(([name]) => name);
  expect(names).toHaveLength(69);
  const read = [
    "Model",
    "Functional",
    "Sequential",
    "InputLayer",
    ...CELLS.keys(),
    "StackedRNNCells",
    "ConvLSTM2DCell",
  ];
  expect(names.filter((name) => !LAYERS.has(name) && !read.includes(name))).toEqual([]);
});

describe("a layer computes what TF.js computes", () => {
  it.each(ZOO)("$name", async ({ name, model: build, feeds }) => {
    const model = build();
    randomise(model);
    const onnx = await expectConverts(model, {}, feeds);
    checkModel(onnx);
    if (name.includes("folded")) expect(opsOf(onnx)).not.toContain("Mul");
  });

  it.each(activationNames.filter((name) => !["silu", "exponential"].includes(name)))("activation %s", async (name) => {
    // TF.js cannot load its own gelu_new from a file, but names it so in one.
    const activation = name === "hard_sigmoid" ? "hardSigmoid" : name === "log_softmax" ? "logSoftmax" : name;
    const model = tfl.sequential({
      layers: [
        l.conv2d({ inputShape: image, filters: 4, kernelSize: 2, activation: activation as "relu" }),
        l.activation({ activation: activation as "relu" }),
      ],
    });
    randomise(model);
    await expectConverts(model);
  });

  it.each([
    ["silu", (x: number) => x / (1 + Math.exp(-x))],
    ["exponential", Math.exp],
  ] as const)("activation %s of Keras", async (name, f) => {
    const model = tfl.sequential({ layers: [l.activation({ inputShape: [5], activation: "relu", name: "f" })] });
    const { json, weights } = await save(model);
    const changed = JSON.parse(JSON.stringify(json).replace('"activation":"relu"', `"activation":"${name}"`));
    const { model: onnx } = graphFromLayers(changed, weights);
    const [feed] = feedsOf(model);
    const { f: result } = await runOnnx(onnx, { f_input: feed! });
    expectSame(result!, { data: Float32Array.from(feed!.data, f), shape: feed!.shape });
  });

  it("BatchNormalization of an axis that is not the last", async () => {
    // TF.js's cpu backend gets such an axis wrong (its webgl backend does not), so the reference moves the axis.
    const input = tfl.input({ shape: image });
    const direct = l.batchNormalization({ axis: 1, name: "bn" });
    const model = tfl.model({ inputs: input, outputs: direct.apply(input) as tfl.SymbolicTensor });
    const moved = l.permute({ dims: [3, 2, 1] }).apply(input) as tfl.SymbolicTensor;
    const normed = l.batchNormalization({ name: "bn_moved" }).apply(moved) as tfl.SymbolicTensor;
    const back = l.permute({ dims: [3, 2, 1] }).apply(normed) as tfl.SymbolicTensor;
    const reference = tfl.model({ inputs: input, outputs: back });
    randomise(model);
    reference.setWeights(model.getWeights());
    const { json, weights } = await save(model);
    const { model: onnx } = graphFromLayers(json, weights);
    const [feed] = feedsOf(model);
    const { bn } = await runOnnx(onnx, { [onnx.graph.inputs[0]!.name]: feed! });
    expectSame(bn!, runTfjs(reference, [feed!])[0]!);
  });

  it("SeparableConv2D with a depth multiplier, which TF.js forgets to save and Keras saves", async () => {
    const model = tfl.sequential({
      layers: [l.separableConv2d({ inputShape: image, name: "s", filters: 5, kernelSize: 3, depthMultiplier: 2 })],
    });
    randomise(model);
    const { json, weights } = await save(model);
    const complete = JSON.parse(JSON.stringify(json).replace('"filters":5', '"filters":5,"depth_multiplier":2'));
    const { model: onnx } = graphFromLayers(complete, weights);
    const [feed] = feedsOf(model);
    const { s } = await runOnnx(onnx, { s_input: feed! });
    expectSame(s!, runTfjs(model, [feed!])[0]!);
  });

  it("of every class in the table", async () => {
    const classes = new Set<string>();
    for (const { model } of ZOO)
      for (const [, name] of JSON.stringify((await save(model())).json).matchAll(/"class_name":"(\w+)"/g))
        classes.add(name!);
    const elsewhere = [
      ...["Add", "Average", "Concatenate", "Maximum", "Minimum", "Multiply", "Subtract"], // merge.test.ts
      ...["CategoryEncoding", "CenterCrop", "RandomWidth", "Resizing"], // preprocessing.test.ts
      ...["EinsumDense", "MultiHeadAttention", "Normalization", "ZeroPadding1D"], // keras.test.ts
      ...["SpatialDropout2D", "SpatialDropout3D"],
    ];
    expect([...LAYERS.keys()].filter((name) => !classes.has(name) && !elsewhere.includes(name))).toEqual([]);
  });
});
