import { zeros } from "@glyphcast/onnx";
import { describe, expect, it } from "vitest";
import {
  type ConvertOptions,
  graphFromLayers,
  LayerError,
  type NamedWeights,
  UnsupportedLayersError,
  UnsupportedOptionError,
  VERSION,
} from "./index.ts";
import { expectConverts, expectSame, feedsOf, opsOf, randomise, runOnnx, runTfjs, save, tfl } from "./testing.ts";

const l = tfl.layers;
type Tensor = tfl.SymbolicTensor;
const image = [6, 7, 3];

const random = <M extends tfl.LayersModel>(model: M): M => {
  randomise(model);
  return model;
};

const functional = (inputs: Tensor | Tensor[], outputs: Tensor | Tensor[]): tfl.LayersModel =>
  random(tfl.model({ inputs, outputs }));

/** Two layers on an image, as a model to nest. */
const block = (name: string): tfl.Sequential =>
  tfl.sequential({
    name,
    layers: [
      l.conv2d({ inputShape: image, filters: 3, kernelSize: 3, padding: "same", name: `${name}_conv` }),
      l.batchNormalization({ name: `${name}_bn` }),
    ],
  });

describe("graphFromLayers", () => {
  it("names inputs and outputs as the layers, the batch `batch`", async () => {
    const [a, b] = [tfl.input({ shape: [5], name: "left" }), tfl.input({ shape: [4], name: "right" })];
    const joined = l.concatenate().apply([a, b]) as Tensor;
    const outputs = [2, 3].map((units) => l.dense({ units, name: `head${units}` }).apply(joined) as Tensor);
    const { graph } = await expectConverts(functional([a, b], outputs));
    expect(graph.inputs).toEqual([
      { name: "left", dtype: "float32", shape: ["batch", 5] },
      { name: "right", dtype: "float32", shape: ["batch", 4] },
    ]);
    expect(graph.outputs).toEqual([
      { name: "head2", dtype: "float32", shape: ["batch", 2] },
      { name: "head3", dtype: "float32", shape: ["batch", 3] },
    ]);
  });

  it("calls a shared layer with the same weights each time", async () => {
    const [a, b] = [tfl.input({ shape: [5] }), tfl.input({ shape: [5] })];
    const dense = l.dense({ units: 4, name: "shared" });
    const [x, y] = [dense.apply(a), dense.apply(b)] as Tensor[];
    const onnx = await expectConverts(functional([a, b], [l.add().apply([x!, y!]) as Tensor, x!]));
    expect([...onnx.graph.initializers.keys()]).toEqual(["shared/kernel", "shared/bias"]);
  });

  it("gives a shared layer's calls weights in the order in which each input is held", async () => {
    const x = tfl.input({ shape: image });
    const dense = l.dense({ units: 4 });
    const flat = l.flatten().apply(x) as Tensor;
    const convolved = l.conv2d({ filters: 3, kernelSize: 3, padding: "same" }).apply(x) as Tensor;
    const other = l.flatten().apply(convolved) as Tensor;
    await expectConverts(
      functional(
        x,
        [flat, other].map((y) => dense.apply(y) as Tensor),
      ),
    );
  });

  it("applies a layer to its own result", async () => {
    const x = tfl.input({ shape: [5] });
    const dense = l.dense({ units: 5, activation: "tanh" });
    await expectConverts(functional(x, dense.apply(dense.apply(dense.apply(x))) as Tensor));
  });

  it("returns an input, and one value twice", async () => {
    const x = tfl.input({ shape: [5], name: "x" });
    const y = l.dense({ units: 2, name: "y" }).apply(x) as Tensor;
    const z = l.flatten().apply(l.reshape({ targetShape: [2, 1] }).apply(y)) as Tensor;
    const onnx = await expectConverts(functional(x, [y, z, x]));
    expect(onnx.graph.outputs[0]!.name).toBe("y");
  });

  it("converts nested models, in chains and in graphs, called once and several times", async () => {
    const chain = tfl.sequential({ layers: [block("a"), block("b"), l.flatten(), l.dense({ units: 2 })] });
    await expectConverts(random(chain));

    const [x, y] = [tfl.input({ shape: image }), tfl.input({ shape: image })];
    const inner = block("inner");
    const [p, q] = [inner.apply(x), inner.apply(y)] as Tensor[];
    const outer = functional([x, y], [l.add().apply([p!, q!]) as Tensor, q!]);
    await expectConverts(outer);

    const z = tfl.input({ shape: image });
    await expectConverts(functional(z, inner.apply(block("before").apply(z)) as Tensor));
  });

  it("converts a nested graph of several inputs and outputs", async () => {
    const [a, b] = [tfl.input({ shape: [5] }), tfl.input({ shape: [5] })];
    const inner = tfl.model({
      inputs: [a, b],
      outputs: [l.add().apply([a, b]) as Tensor, l.multiply().apply([a, b]) as Tensor],
    });
    const [x, y] = [tfl.input({ shape: [5] }), tfl.input({ shape: [5] })];
    const [sum, product] = inner.apply([x, y]) as Tensor[];
    await expectConverts(functional([x, y], l.concatenate().apply([product!, sum!]) as Tensor));
  });

  it("reads both envelopes, the topology alone, and Keras 2's config as a list", async () => {
    const model = random(tfl.sequential({ layers: [l.dense({ inputShape: [5], units: 2, name: "d" })] }));
    const { json, weights } = await save(model);
    const { modelTopology } = json as { modelTopology: { class_name: string; config: { layers: unknown[] } } };
    const expected = graphFromLayers(json, weights).model.graph;
    const { class_name, config } = modelTopology;
    const variants = [
      modelTopology,
      { modelTopology },
      { modelTopology: { model_config: { class_name, config }, keras_version: "2.15.0" } },
      { model_config: { class_name, config } },
      { format: "layers-model", modelTopology: { className: class_name, config } },
    ];
    for (const variant of variants) expect(graphFromLayers(variant, weights).model.graph).toEqual(expected);
    const bare = graphFromLayers({ class_name, config: config.layers }, weights, { name: expected.name });
    expect(bare.model.graph).toEqual(expected);
  });

  it("takes weights as an object, too", async () => {
    const model = random(tfl.sequential({ layers: [l.dense({ inputShape: [5], units: 2 })] }));
    const { json, weights } = await save(model);
    expect(graphFromLayers(json, Object.fromEntries(weights))).toEqual(graphFromLayers(json, weights));
  });

  it("finds weights under the longer names that TF 2.2 wrote", async () => {
    const model = random(tfl.sequential({ layers: [l.dense({ inputShape: [5], units: 2, name: "d" })] }));
    const { json, weights } = await save(model);
    const renamed = new Map(Array.from(weights, ([name, tensor]) => [name.replace("d/", "d/cell/"), tensor]));
    const { model: onnx, origins } = graphFromLayers(json, renamed);
    expect(onnx.graph.nodes).toHaveLength(1);
    expect(origins.map(({ weight }) => weight)).toEqual(["d/cell/kernel", "d/cell/bias"]);
  });

  it("keeps height and width open where the model does", async () => {
    const x = tfl.input({ shape: [null, null, 3] });
    const y = l.conv2d({ filters: 4, kernelSize: 3, padding: "same" }).apply(x) as Tensor;
    const pooled = l.maxPooling2d({ poolSize: 2 }).apply(y) as Tensor;
    const { graph } = await expectConverts(functional(x, [y, l.globalAveragePooling2d({}).apply(pooled) as Tensor]));
    expect(graph.inputs[0]!.shape).toEqual(["batch", "height", "width", 3]);
    expect(graph.outputs[0]!.shape).toEqual(["batch", "height", "width", 4]);
  });

  it("names the open extents of outputs after them, where they are not those of an input", async () => {
    const x = tfl.input({ shape: [null, null, 3] });
    const y = l.maxPooling2d({ poolSize: 2, name: "half" }).apply(x) as Tensor;
    const { graph } = await expectConverts(functional(x, y));
    expect(graph.outputs[0]!.shape).toEqual(["batch", "half_height", "half_width", 3]);
  });

  it("leaves the padding to the runtime where it depends on an open extent", async () => {
    const x = tfl.input({ shape: [null, null, 3] });
    const y = l.conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: "same" }).apply(x) as Tensor;
    const { graph } = await expectConverts(
      functional(x, l.averagePooling2d({ poolSize: 2, padding: "same" }).apply(y) as Tensor),
    );
    expect(graph.nodes.map(({ attributes }) => attributes.auto_pad)).toContain("SAME_UPPER");
  });

  it("turns integer inputs into floats, as TF.js's layers do", async () => {
    const x = tfl.input({ shape: [5], dtype: "int32" });
    const model = functional(x, l.dense({ units: 2, name: "d" }).apply(x) as Tensor);
    const { json, weights } = await save(model);
    const { model: onnx } = graphFromLayers(json, weights);
    const counts = Int32Array.of(1, -2, 3, 4, 5);
    const [input] = onnx.graph.inputs;
    expect(input!.dtype).toBe("int32");
    const { d } = await runOnnx(onnx, { [input!.name]: { data: counts, shape: [1, 5] } });
    expectSame(d!, runTfjs(model, [{ data: Float32Array.from(counts), shape: [1, 5] }])[0]!);
  });

  it("takes images as NCHW where asked, without a Transpose before the first convolution", async () => {
    const model = random(
      tfl.sequential({ layers: [l.conv2d({ inputShape: image, filters: 2, kernelSize: 3 }), l.flatten()] }),
    );
    const { json, weights } = await save(model);
    const { model: onnx } = graphFromLayers(json, weights, { inputLayout: "nchw" });
    expect(onnx.graph.inputs[0]!.shape).toEqual(["batch", 3, 6, 7]);
    expect(opsOf(onnx)).toEqual(["Conv", "Flatten", "Gather"]);
    const [feed] = feedsOf(model, 1);
    const nchw = Float32Array.from({ length: 126 }, (_, i) => feed!.data[(i % 42) * 3 + Math.floor(i / 42)]!);
    const results = await runOnnx(onnx, { [onnx.graph.inputs[0]!.name]: { data: nchw, shape: [1, 3, 6, 7] } });
    expectSame(Object.values(results)[0]!, runTfjs(model, [feed!])[0]!);
  });

  it("turns bytes of several channels into floats, in either layout", async () => {
    const model = random(
      tfl.sequential({
        layers: [l.conv2d({ inputShape: image, filters: 2, kernelSize: 3, padding: "same" }), l.globalMaxPooling2d({})],
      }),
    );
    const { json, weights } = await save(model);
    const bytes = Uint8Array.from({ length: 126 }, (_, i) => (i * 37) % 256);
    const uint8Input = { scale: 1 / 127.5, offset: -1 };
    const [expected] = runTfjs(model, [
      { data: Float32Array.from(bytes, (byte) => byte / 127.5 - 1), shape: [1, ...image] },
    ]);
    const nhwc = graphFromLayers(json, weights, { uint8Input }).model;
    expect(nhwc.graph.inputs).toEqual([{ name: "pixels", dtype: "uint8", shape: ["batch", 6, 7, 3] }]);
    expectSame(Object.values(await runOnnx(nhwc, { pixels: { data: bytes, shape: [1, ...image] } }))[0]!, expected!);

    const nchw = graphFromLayers(json, weights, { uint8Input, inputLayout: "nchw" }).model;
    expect(opsOf(nchw)).not.toContain("Transpose");
    const planes = bytes.map((_, i) => bytes[(i % 42) * 3 + Math.floor(i / 42)]!);
    expectSame(Object.values(await runOnnx(nchw, { pixels: { data: planes, shape: [1, 3, 6, 7] } }))[0]!, expected!);
  });

  it("takes the scale of bytes into the first layer, whatever moves them in between", async () => {
    const model = random(
      tfl.sequential({ layers: [l.flatten({ inputShape: image }), l.dense({ units: 2, useBias: false })] }),
    );
    const { json, weights } = await save(model);
    const { model: onnx } = graphFromLayers(json, weights, { uint8Input: { scale: 1 / 255, offset: 0 } });
    expect(opsOf(onnx)).toEqual(["Cast", "Flatten", "Gemm"]);
    const bytes = Uint8Array.from({ length: 126 }, (_, i) => (i * 37) % 256);
    const [expected] = runTfjs(model, [{ data: Float32Array.from(bytes, (byte) => byte / 255), shape: [1, ...image] }]);
    expectSame(Object.values(await runOnnx(onnx, { pixels: { data: bytes, shape: [1, ...image] } }))[0]!, expected!);
  });

  it("leaves the scale where two layers read the image, or the weights serve another input, too", async () => {
    const x = tfl.input({ shape: [6, 7, 1], name: "x" });
    const convs = [2, 3].map((filters) => l.conv2d({ filters, kernelSize: 3 }).apply(x) as Tensor);
    const model = functional(
      x,
      convs.map((y) => l.globalMaxPooling2d({}).apply(y) as Tensor),
    );
    const { json, weights } = await save(model);
    const { model: onnx } = graphFromLayers(json, weights, { uint8Input: { scale: 1 / 255, offset: 0 } });
    expect(opsOf(onnx).filter((op) => op === "Mul")).toHaveLength(1);
    const bytes = Uint8Array.from({ length: 42 }, (_, i) => (i * 37) % 256);
    const expected = runTfjs(model, [{ data: Float32Array.from(bytes, (byte) => byte / 255), shape: [1, 6, 7, 1] }]);
    const results = await runOnnx(onnx, { pixels: { data: bytes, shape: [1, 6, 7] } });
    for (const [i, { name }] of onnx.graph.outputs.entries()) expectSame(results[name]!, expected[i]!);
  });

  it("does not fold what two readers need unfolded", async () => {
    const x = tfl.input({ shape: [5] });
    const dense = l.dense({ units: 4 });
    const y = dense.apply(x) as Tensor;
    await expectConverts(functional(x, [l.batchNormalization().apply(y) as Tensor, y]));
    const z = tfl.input({ shape: [5] });
    const calls = [x, z].map((input) => dense.apply(input) as Tensor);
    await expectConverts(
      functional(
        [x, z],
        calls.map((call) => l.batchNormalization().apply(call) as Tensor),
      ),
    );
  });

  it("writes where the model comes from, and what the caller adds", async () => {
    const model = random(tfl.sequential({ layers: [l.dense({ inputShape: [5], units: 2 })] }));
    const { json, weights } = await save(model);
    const { metadata, producerName } = graphFromLayers(json, weights, { metadata: { license: "MIT" } }).model;
    expect(producerName).toBe("tfjs-to-onnx");
    expect(metadata).toEqual({
      converter: `tfjs-to-onnx ${VERSION}`,
      source_format: "tfjs-layers-model",
      source_writer: "tfjs-layers 4.22.0",
      license: "MIT",
    });
  });
});

/** Weights of the given shapes. */
const weightsOf = (shapes: Readonly<Record<string, readonly number[]>>): NamedWeights =>
  Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, zeros("float32", shape)]));

function caught(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

describe("what cannot be converted", () => {
  const dense = (fields: object, layers: object[] = []) => ({
    class_name: "Sequential",
    config: {
      name: "m",
      layers: [
        { class_name: "Dense", config: { name: "d", units: 2, batch_input_shape: [null, 3], ...fields } },
        ...layers,
      ],
    },
  });
  const weights = weightsOf({ "d/kernel": [3, 2], "d/bias": [2] });

  it("names all unknown classes, those of nested models among them", () => {
    const inner = {
      class_name: "Sequential",
      config: { name: "inner", layers: [{ class_name: "Blur", config: { name: "b" } }] },
    };
    const wrapped = {
      class_name: "TimeDistributed",
      config: { name: "t", layer: { class_name: "Lens", config: { name: "l" } } },
    };
    const json = dense({}, [{ class_name: "Blink", config: { name: "r" } }, inner, wrapped]);
    const error = caught(() => graphFromLayers(json, weights));
    expect(error).toBeInstanceOf(UnsupportedLayersError);
    expect(error).toMatchObject({
      code: "TFJS_UNSUPPORTED_LAYER",
      layers: [
        { className: "Blink", name: "r" },
        { className: "Blur", name: "b" },
        { className: "Lens", name: "t" },
      ],
    });
  });

  const layer = (class_name: string, fields: object, shape: readonly (number | null)[] = [null, 6, 7, 3]) => ({
    class_name: "Sequential",
    config: { name: "m", layers: [{ class_name, config: { name: "x", batch_input_shape: shape, ...fields } }] },
  });
  const kernel = { filters: 2, kernel_size: 3 };

  it.each<[string, string, object, ConvertOptions?]>([
    ["Dense", "activation", { units: 2, activation: "cubic" }],
    ["Conv1D", "padding", { ...kernel, padding: "causal", batch_input_shape: [null, 9, 3] }],
    ["Conv1D", "data_format", { ...kernel, data_format: "channels_first", batch_input_shape: [null, 9, 3] }],
    ["Conv2D", "groups", { ...kernel, groups: 3 }],
    ["Conv2D", "padding", { ...kernel, padding: "mirror" }],
    ["DepthwiseConv2D", "dilation_rate", { kernel_size: 3, dilation_rate: [2, 1] }],
    ["SeparableConv2D", "data_format", { ...kernel, data_format: "channels_first" }],
    ["BatchNormalization", "axis", { axis: 0 }],
    ["ELU", "alpha", { alpha: 0.5 }],
    ["Softmax", "axis", { axis: 1 }],
    ["ReLU", "negative_slope", { max_value: 6, negative_slope: 0.1, threshold: 0 }],
    ["ReLU", "threshold", { negative_slope: 0, threshold: 0.5 }],
    ["GlobalAveragePooling2D", "keepdims", { keepdims: true }],
    ["GlobalMaxPooling1D", "data_format", { keepdims: false, data_format: "channels_first" }],
    ["MaxPooling1D", "data_format", { data_format: "channels_first" }],
    ["Conv2DTranspose", "output_padding", { ...kernel, output_padding: [1, 1] }],
    ["Dropout", "noise_shape", { rate: 0.5, noise_shape: [null, 1] }, { training: true }],
  ])("names the layer and the option: %s, %s", (className, option, fields, options) => {
    const shapes = { "x/kernel": [3, 3, 3, 2], "x/depthwise_kernel": [3, 3, 3, 1] };
    const names =
      className === "Conv1D" ? { "x/kernel": [3, 3, 2] } : className === "Dense" ? { "x/kernel": [3, 2] } : shapes;
    const all = weightsOf({ ...names, "x/bias": [2] });
    const error = caught(() => graphFromLayers(layer(className, fields), all, options));
    expect(error).toBeInstanceOf(UnsupportedOptionError);
    expect(error).toMatchObject({ code: "TFJS_UNSUPPORTED_OPTION", layer: `${className} "x"`, option });
    expect(error).toHaveProperty("found", (fields as Record<string, unknown>)[option]);
  });

  it("refuses, in a training graph, noise that it cannot draw", () => {
    for (const className of ["GaussianNoise", "GaussianDropout", "AlphaDropout", "SpatialDropout1D"])
      expect(() => graphFromLayers(layer(className, { rate: 0.5, stddev: 1 }), {}, { training: true })).toThrow(
        /cannot draw this noise/,
      );
  });

  it("refuses, in a training graph, statistics that two calls would update", async () => {
    const [a, b] = [tfl.input({ shape: [5] }), tfl.input({ shape: [5] })];
    const shared = l.batchNormalization();
    const { json, weights } = await save(
      functional([a, b], l.add().apply([a, b].map((x) => shared.apply(x) as Tensor)) as Tensor),
    );
    expect(() => graphFromLayers(json, weights, { training: true })).toThrow(/statistics once only/);
  });

  it.each<[string, unknown, RegExp]>([
    ["units that are none", dense({ units: 1.5 }), /units is 1\.5, expected a positive integer/],
    ["a flag that is none", dense({ use_bias: "no" }), /use_bias is "no"/],
    ["another shape of weight", dense({ units: 3 }), /"d\/kernel" has shape \[3, 2\], expected \[3, 3\]/],
    ["a missing weight", dense({ name: "e" }), /"e\/kernel" is missing/],
    ["no input shape", dense({ batch_input_shape: null }), /does not say its shape/],
    [
      "a rank that does not fit",
      dense({}, [
        { class_name: "Flatten", config: { name: "f" } },
        { class_name: "Conv2D", config: { name: "c", filters: 1, kernel_size: 3 } },
      ]),
      /rank 2 \(\[batch, 2\]\), expected rank 4/,
    ],
    ["two layers of one name", dense({}, [{ class_name: "Flatten", config: { name: "d" } }]), /same name/],
    ["a model without layers", { class_name: "Sequential", config: { layers: [] } }, /no layers/],
    [
      "a layer without a name",
      { class_name: "Sequential", config: { layers: [{ class_name: "Dense", config: {} }] } },
      /no name/,
    ],
    ["a class of model that is none", { class_name: "Forest", config: {} }, /class_name is "Forest"/],
  ])("says what is wrong with %s", (_, json, message) => {
    expect(() => graphFromLayers(json, weights)).toThrow(message);
  });

  it("refuses nesting and numbers of tensors that only an attack has", () => {
    let nested: object = layer("Activation", {});
    for (let i = 0; i < 5000; i++) nested = { class_name: "Sequential", config: { name: `s${i}`, layers: [nested] } };
    expect(() => graphFromLayers(nested, {})).toThrow(/nested more than 64 deep/);
    const input = { class_name: "InputLayer", name: "x", config: { name: "x", batch_input_shape: [null, 3] } };
    const output_layers = Array.from({ length: 100_000 }, () => ["x", 0, 0]);
    const config = { name: "m", layers: [input], input_layers: [["x", 0, 0]], output_layers };
    expect(() => graphFromLayers({ class_name: "Model", config }, {})).toThrow(/100000 tensors, expected 4096/);
  });

  it("finds layers that read themselves", () => {
    const layer = (name: string, reads: string, class_name = "Flatten") => ({
      class_name,
      name,
      config: { name },
      inbound_nodes: [[[reads, 0, 0, {}]]],
    });
    const json = {
      class_name: "Model",
      config: {
        name: "m",
        layers: [
          {
            class_name: "InputLayer",
            name: "x",
            config: { name: "x", batch_input_shape: [null, 3] },
            inbound_nodes: [],
          },
          layer("a", "b"),
          layer("b", "a"),
        ],
        input_layers: [["x", 0, 0]],
        output_layers: [["b", 0, 0]],
      },
    };
    expect(caught(() => graphFromLayers(json, {}))).toBeInstanceOf(LayerError);
    expect(() => graphFromLayers(json, {})).toThrow(/itself/);
  });

  it("refuses a classifier that ends in a sigmoid", () => {
    expect(() => graphFromLayers(dense({ activation: "sigmoid" }), weights, { classifier: true })).toThrow(/sigmoid/);
  });

  it("refuses a classifier without two dimensions, with several outputs, or with a temperature of 0", async () => {
    const x = tfl.input({ shape: image });
    const convolved = await save(functional(x, l.conv2d({ filters: 2, kernelSize: 2 }).apply(x) as Tensor));
    expect(() => graphFromLayers(convolved.json, convolved.weights, { classifier: true })).toThrow(
      /\[batch, classes\]/,
    );
    expect(() => graphFromLayers(dense({}), weights, { classifier: { temperature: 0 } })).toThrow(/above 0/);
    const y = tfl.input({ shape: [3] });
    const twice = await save(functional(y, [l.dense({ units: 2 }).apply(y) as Tensor, y]));
    expect(() => graphFromLayers(twice.json, twice.weights, { classifier: true })).toThrow(/2 outputs/);
  });
});
