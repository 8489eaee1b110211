// Layers that Keras saves and TF.js has no class for: what they should compute is put together from TF.js's operations.
import { float32, sizeOf, type Tensor } from "@glyphcast/onnx";
import { describe, expect, it } from "vitest";
import { graphFromLayers } from "../convert.ts";
import { expectSame, type Feed, noiseOf, opsOf, runOnnx, tfc } from "../testing.ts";

type Json = Readonly<Record<string, unknown>>;
type Inbound = readonly (readonly [string, number, number, Json?])[];

const input = (name: string, shape: readonly (number | null)[]) => ({
  class_name: "InputLayer",
  config: { name, batch_input_shape: [null, ...shape], dtype: "float32" },
  inbound_nodes: [],
});

/** A functional model of some inputs and one layer, `y`. */
const modelOf = (
  inputs: Readonly<Record<string, readonly (number | null)[]>>,
  className: string,
  config: Json,
  inbound: Inbound = Object.keys(inputs).map((name) => [name, 0, 0, {}]),
  outputs = 1,
) => ({
  class_name: "Functional",
  config: {
    name: "one",
    layers: [
      ...Object.entries(inputs).map(([name, shape]) => input(name, shape)),
      { class_name: className, config: { ...config, name: "y" }, inbound_nodes: [inbound] },
    ],
    input_layers: Object.keys(inputs).map((name) => [name, 0, 0]),
    output_layers: Array.from({ length: outputs }, (_, i) => ["y", 0, i]),
  },
});

const noise = (shape: readonly number[], seed = 1): Feed => ({ data: noiseOf(seed, sizeOf(shape)), shape });

const weightsOf = (shapes: Readonly<Record<string, readonly number[]>>): Map<string, Tensor> =>
  new Map(
    Object.entries(shapes).map(([name, shape], i) => [`y/${name}`, float32(shape, noiseOf(i + 5, sizeOf(shape)))]),
  );

const tensorOf = ({ data, shape }: Feed): tfc.Tensor => tfc.tensor(data, [...shape]);

const read = (weights: ReadonlyMap<string, Tensor>, name: string): tfc.Tensor => {
  const { data, shape } = weights.get(`y/${name}`)!;
  return tfc.tensor(data as Float32Array, [...shape]);
};

async function expectComputes(
  model: Json,
  weights: Map<string, Tensor>,
  feeds: Readonly<Record<string, Feed>>,
  expected: () => tfc.Tensor,
): Promise<string[]> {
  const { model: onnx } = graphFromLayers(model, weights);
  const { y } = await runOnnx(onnx, feeds);
  const answer = tfc.tidy(() => {
    const result = expected();
    return { data: result.dataSync() as Float32Array, shape: result.shape };
  });
  expectSame(y!, answer);
  return opsOf(onnx);
}

describe("ZeroPadding1D", () => {
  it.each([
    [1, [1, 1]],
    [
      [2, 3],
      [2, 3],
    ],
  ])("by %j", async (padding, [before, after]) => {
    const x = noise([2, 4, 3]);
    const model = modelOf({ x: [4, 3] }, "ZeroPadding1D", { padding });
    await expectComputes(model, new Map(), { x }, () =>
      tfc.pad(tensorOf(x), [
        [0, 0],
        [before!, after!],
        [0, 0],
      ]),
    );
  });
});

it.each(["SpatialDropout2D", "SpatialDropout3D"])("%s is nothing when serving", async (className) => {
  const x = noise([2, 4, 3, 2]);
  const model = modelOf({ x: [4, 3, 2] }, className, { rate: 0.5 });
  await expectComputes(model, new Map(), { x }, () => tensorOf(x));
});

describe("Normalization", () => {
  const x = noise([2, 4, 3]);
  const scaled = (mean: tfc.Tensor, variance: tfc.Tensor): tfc.Tensor =>
    tfc.div(tfc.sub(tensorOf(x), mean), tfc.maximum(tfc.sqrt(variance), 1e-7));
  const weightsWith = (shape: readonly number[]): Map<string, Tensor> => {
    const weights = weightsOf({ mean: shape, variance: shape });
    const { data } = weights.get("y/variance")!;
    return weights.set(
      "y/variance",
      float32(
        shape,
        Array.from(data as Float32Array, (value) => Math.max(0, value)),
      ),
    );
  };

  it.each([
    [[-1], [3], [1, 1, 3]],
    [[1], [4], [1, 4, 1]],
    [
      [1, 2],
      [4, 3],
      [1, 4, 3],
    ],
    [[], [], []],
  ])("over axis %j, a variance of zero among them", async (axis, shape, broadcast) => {
    const weights = weightsWith(shape);
    const model = modelOf({ x: [4, 3] }, "Normalization", { axis });
    await expectComputes(model, weights, { x }, () =>
      scaled(tfc.reshape(read(weights, "mean"), broadcast), tfc.reshape(read(weights, "variance"), broadcast)),
    );
  });

  it("by numbers of its configuration", async () => {
    const model = modelOf({ x: [4, 3] }, "Normalization", { axis: -1, mean: [1, 2, 3], variance: 4 });
    await expectComputes(model, new Map(), { x }, () => scaled(tfc.tensor1d([1, 2, 3]), tfc.scalar(4)));
  });

  it("inverted", async () => {
    const model = modelOf({ x: [4, 3] }, "Normalization", { axis: null, mean: 2, variance: 4, invert: true });
    await expectComputes(model, new Map(), { x }, () => tfc.add(tfc.mul(tensorOf(x), 2), 2));
  });

  it("refuses as many numbers as there are not", () => {
    const model = modelOf({ x: [4, 3] }, "Normalization", { axis: -1, mean: [1, 2], variance: 4 });
    expect(() => graphFromLayers(model, {})).toThrow("mean is not a number or a list of 3 numbers");
  });
});

describe("EinsumDense", () => {
  it.each([
    ["ab,bc->ac", [4], 5, [4, 5], "c", [5]],
    ["abc,cd->abd", [3, 4], [null, 5], [4, 5], "d", [5]],
    ["abc,cde->abde", [3, 4], [null, 2, 5], [4, 2, 5], "de", [2, 5]],
    ["abcd,cde->abe", [3, 2, 4], [null, 5], [2, 4, 5], "e", [5]],
    ["abc,cd->abd", [3, 4], [3, 5], [4, 5], "bd", [3, 5]],
    ["abc,cd->abd", [3, 4], [3, 5], [4, 5], "b", [3, 1]],
    ["...x,xy->...y", [3, 4], 5, [4, 5], "y", [5]],
    ["ab...,bc->ac...", [4, 3], 5, [4, 5], undefined, undefined],
    ["ab...,bc->ac...", [4, 3], 5, [4, 5], "c", [5, 1]],
    ["abc,cd->abd", [null, 4], [null, 5], [4, 5], null, undefined],
  ])("%s of %j", async (equation, shape, output_shape, kernel, bias_axes, bias) => {
    const x = noise([2, ...shape.map((dim) => dim ?? 3)]);
    const weights = weightsOf({ kernel, ...(bias && { bias }) });
    const model = modelOf({ x: shape }, "EinsumDense", { equation, output_shape, bias_axes, activation: "relu" });
    // TF.js's einsum knows no ellipsis; the equations with one have a single axis there.
    const plain = equation.replace("...x", "abx").replace("...y", "aby").replaceAll("...", "z");
    await expectComputes(model, weights, { x }, () => {
      const product = tfc.einsum(plain, tensorOf(x), read(weights, "kernel"));
      return tfc.relu(bias ? tfc.add(product, read(weights, "bias")) : product);
    });
  });

  it("refuses equations that make no sense", () => {
    const build = (equation: string) => () =>
      graphFromLayers(modelOf({ x: [4] }, "EinsumDense", { equation, output_shape: 5 }), weightsOf({ kernel: [4, 5] }));
    for (const equation of ["", "ab", "ab,bc", "a,ab->b", "ab,cd->zz"])
      expect(build(equation)).toThrow(expect.objectContaining({ code: expect.stringMatching(/^TFJS_/) }));
  });
});

describe("MultiHeadAttention", () => {
  const [heads, size, width] = [2, 3, 4];
  const shapes = (valueSize: number, features: number, bias: boolean): Record<string, readonly number[]> => ({
    "query/kernel": [width, heads, size],
    "key/kernel": [width, heads, size],
    "value/kernel": [width, heads, valueSize],
    "attention_output/kernel": [heads, valueSize, features],
    ...(bias && {
      "query/bias": [heads, size],
      "key/bias": [heads, size],
      "value/bias": [heads, valueSize],
      "attention_output/bias": [features],
    }),
  });

  /** The equations of Keras's own layer. */
  function attention(
    weights: Map<string, Tensor>,
    q: Feed,
    k: Feed,
    v: Feed,
    mask?: tfc.Tensor,
    scores = false,
  ): tfc.Tensor {
    const linear = (equation: string, x: tfc.Tensor, role: string): tfc.Tensor => {
      const product = tfc.einsum(equation, x, read(weights, `${role}/kernel`));
      return weights.has(`y/${role}/bias`) ? tfc.add(product, read(weights, `${role}/bias`)) : product;
    };
    const query = tfc.mul(linear("abc,cde->abde", tensorOf(q), "query"), 1 / Math.sqrt(size));
    const key = linear("abc,cde->abde", tensorOf(k), "key");
    const value = linear("abc,cde->abde", tensorOf(v), "value");
    const raw = tfc.einsum("aecd,abcd->acbe", key, query);
    const weighed = tfc.softmax(mask ? tfc.add(raw, tfc.mul(tfc.sub(1, mask), -1e9)) : raw);
    if (scores) return weighed;
    return linear("abcd,cde->abe", tfc.einsum("acbe,aecd->abcd", weighed, value), "attention_output");
  }

  const config = { num_heads: heads, key_dim: size, value_dim: size, use_bias: true, dropout: 0.1 };
  const [x, y] = [noise([2, 5, width], 1), noise([2, 6, width], 2)];

  it("of a sequence with itself", async () => {
    const weights = weightsOf(shapes(size, width, true));
    const model = modelOf({ x: [5, width] }, "MultiHeadAttention", config, [["x", 0, 0, { value: ["x", 0, 0] }]]);
    await expectComputes(model, weights, { x }, () => attention(weights, x, x, x));
  });

  it("of open lengths, with a key of its own, another value_dim and output_shape, without biases", async () => {
    const weights = weightsOf(shapes(5, 7, false));
    const options = { ...config, value_dim: 5, output_shape: [7], use_bias: false };
    const z = noise([2, 6, width], 3);
    const inbound: Inbound = [["q", 0, 0, { value: ["v", 0, 0], key: ["k", 0, 0] }]];
    const open = [null, width];
    const model = modelOf({ q: open, v: open, k: open }, "MultiHeadAttention", options, inbound);
    await expectComputes(model, weights, { q: x, v: y, k: z }, () => attention(weights, x, z, y));
  });

  it("with an attention mask", async () => {
    const weights = weightsOf(shapes(size, width, true));
    const mask: Feed = { data: Float32Array.from({ length: 60 }, (_, i) => Number(i % 7 !== 3)), shape: [2, 5, 6] };
    const keywords = { value: ["v", 0, 0], attention_mask: ["mask", 0, 0], use_causal_mask: false };
    const model = modelOf({ q: [5, width], v: [6, width], mask: [5, 6] }, "MultiHeadAttention", config, [
      ["q", 0, 0, keywords],
    ]);
    await expectComputes(model, weights, { q: x, v: y, mask }, () =>
      attention(weights, x, y, y, tfc.expandDims(tensorOf(mask), 1)),
    );
  });

  it("that sees no later steps", async () => {
    const weights = weightsOf(shapes(size, width, true));
    const keywords = { value: ["x", 0, 0], use_causal_mask: true };
    const model = modelOf({ x: [5, width] }, "MultiHeadAttention", config, [["x", 0, 0, keywords]]);
    const mask = () => tfc.linalg.bandPart(tfc.ones([5, 5]), -1, 0);
    await expectComputes(model, weights, { x }, () => attention(weights, x, x, x, mask()));
  });

  it("and its scores", async () => {
    const weights = weightsOf(shapes(size, width, true));
    const inbound: Inbound = [["x", 0, 0, { value: ["x", 0, 0], return_attention_scores: true }]];
    const model = modelOf({ x: [5, width] }, "MultiHeadAttention", config, inbound, 2);
    const { model: onnx } = graphFromLayers(model, weights);
    const { y_1: scores } = await runOnnx(onnx, { x });
    const expected = attention(weights, x, x, x, undefined, true);
    expectSame(scores!, { data: expected.dataSync() as Float32Array, shape: expected.shape });
  });

  it("refuses other axes and inputs", () => {
    const build = (options: Json, inbound: Inbound) => () =>
      graphFromLayers(
        modelOf({ x: [5, width] }, "MultiHeadAttention", { ...config, ...options }, inbound),
        weightsOf(shapes(size, width, true)),
      );
    const itself: Inbound = [["x", 0, 0, { value: ["x", 0, 0] }]];
    expect(build({ attention_axes: [1, 2] }, itself)).toThrow(expect.objectContaining({ option: "attention_axes" }));
    expect(build({ output_shape: [2, 3] }, itself)).toThrow(expect.objectContaining({ option: "output_shape" }));
    expect(build({}, [["x", 0, 0, {}]])).toThrow("a query, a value");
    expect(build({}, [["x", 0, 0, { value: ["x", 0, 0], training: ["x", 0, 0] }]])).toThrow("training is a tensor");
  });
});

describe("a GRU that resets after the product", () => {
  const [features, units] = [3, 4];
  const shapes = { kernel: [features, 3 * units], recurrent_kernel: [units, 3 * units], bias: [2, 3 * units] };
  const config = { units, reset_after: true, activation: "tanh", recurrent_activation: "sigmoid" };
  const x = noise([2, 5, features]);

  /** The last state, by Keras's equations; a step with nothing but zeros is left out where `mask` says so. */
  function lastState(weights: Map<string, Tensor>, mask: boolean): tfc.Tensor {
    const [w, r, b] = ["kernel", "recurrent_kernel", "bias"].map(
      (key) => weights.has(`y/${key}`) && read(weights, key),
    );
    const [bx, bh] = b ? tfc.unstack(b as tfc.Tensor) : [tfc.scalar(0), tfc.scalar(0)];
    let h: tfc.Tensor = tfc.zeros([2, units]);
    for (const step of tfc.unstack(tensorOf(x), 1)) {
      const [xz, xr, xg] = tfc.split(tfc.add(tfc.matMul(step, w as tfc.Tensor2D), bx!), 3, 1);
      const [hz, hr, hg] = tfc.split(tfc.add(tfc.matMul(h, r as tfc.Tensor2D), bh!), 3, 1);
      const z = tfc.sigmoid(tfc.add(xz!, hz!));
      const g = tfc.tanh(tfc.add(xg!, tfc.mul(tfc.sigmoid(tfc.add(xr!, hr!)), hg!)));
      const next = tfc.add(tfc.mul(z, h), tfc.mul(tfc.sub(1, z), g));
      h = mask ? tfc.where(tfc.any(tfc.notEqual(step, 0), 1, true), next, h) : next;
    }
    return h;
  }

  it("as an operator", async () => {
    const weights = weightsOf(shapes);
    const ops = await expectComputes(modelOf({ x: [5, features] }, "GRU", config), weights, { x }, () =>
      lastState(weights, false),
    );
    expect(ops).toContain("GRU");
  });

  it("without a bias", async () => {
    const { bias: _, ...without } = shapes;
    const weights = weightsOf(without);
    const model = modelOf({ x: [5, features] }, "GRU", { ...config, use_bias: false });
    await expectComputes(model, weights, { x }, () => lastState(weights, false));
  });

  it.each([true, false])("in a loop, where steps are masked, bias %s", async (use_bias) => {
    const { bias, ...without } = shapes;
    const weights = weightsOf({ ...without, ...(use_bias && { bias }) });
    x.data.fill(0, 3, 9);
    const model = {
      class_name: "Sequential",
      config: [
        { class_name: "Masking", config: { name: "m", batch_input_shape: [null, 5, features] } },
        { class_name: "GRU", config: { ...config, use_bias, name: "y" } },
      ],
    };
    const ops = await expectComputes(model, weights, { m_input: x }, () => lastState(weights, true));
    expect(ops).toContain("Scan");
  });
});

it("finds recurrent weights where Keras puts the cell's name between", async () => {
  const shapes = { kernel: [3, 16], recurrent_kernel: [4, 16], bias: [16] };
  const [x, weights] = [noise([2, 5, 3]), weightsOf(shapes)];
  const model = modelOf({ x: [5, 3] }, "LSTM", { units: 4 });
  const longer = new Map([...weights].map(([name, weight]) => [name.replace("y/", "y/lstm_cell_7/"), weight]));
  const [{ y: a }, { y: b }] = (await Promise.all(
    [weights, longer].map((given) => runOnnx(graphFromLayers(model, given).model, { x })),
  )) as [Record<string, Feed>, Record<string, Feed>];
  expect(a!.data).toEqual(b!.data);
});
