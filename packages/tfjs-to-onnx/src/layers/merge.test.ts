import { describe, expect, it } from "vitest";
import { graphFromLayers } from "../convert.ts";
import { expectConverts, expectSame, feedsOf, opsOf, randomise, runOnnx, runTfjs, save, tfl } from "../testing.ts";

const l = tfl.layers;
type Tensor = tfl.SymbolicTensor;
const image = [6, 7, 3];

const MERGES = {
  Add: () => l.add(),
  Average: () => l.average(),
  Maximum: () => l.maximum(),
  Minimum: () => l.minimum(),
  Multiply: () => l.multiply(),
};

const model = (input: Tensor | Tensor[], output: Tensor): tfl.LayersModel => {
  const built = tfl.model({ inputs: input, outputs: output });
  randomise(built);
  return built;
};

const conv = (x: Tensor, filters = 4): Tensor =>
  l.conv2d({ filters, kernelSize: 3, padding: "same" }).apply(x) as Tensor;

describe.each(Object.entries(MERGES))("%s", (_, merge) => {
  it("of three tensors", async () => {
    const inputs = [1, 2, 3].map(() => tfl.input({ shape: [5] }));
    await expectConverts(model(inputs, merge().apply(inputs) as Tensor));
  });

  it("of two convolutions, which meet without a Transpose between", async () => {
    const x = tfl.input({ shape: image });
    const onnx = await expectConverts(model(x, merge().apply([conv(x), conv(x)]) as Tensor));
    expect(opsOf(onnx).filter((op) => op === "Transpose")).toHaveLength(2); // the input's and the output's
  });

  it("of a convolution and an image as it came in", async () => {
    const x = tfl.input({ shape: image });
    await expectConverts(model(x, merge().apply([x, conv(x, 3)]) as Tensor));
  });

  it("of flattened images", async () => {
    const x = tfl.input({ shape: image });
    const flat = [conv(x), conv(x)].map((y) => l.flatten().apply(y) as Tensor);
    const merged = merge().apply(flat) as Tensor;
    const onnx = await expectConverts(model(x, l.dense({ units: 3 }).apply(merged) as Tensor));
    expect(opsOf(onnx)).not.toContain("Gather");
  });

  it("of a flattened image and features in TF.js's order", async () => {
    const x = tfl.input({ shape: image });
    const flat = l.flatten().apply(conv(x)) as Tensor;
    const features = l.dense({ units: 6 * 7 * 4 }).apply(l.flatten().apply(x)) as Tensor;
    await expectConverts(model(x, merge().apply([flat, features]) as Tensor));
  });

  it("of tensors that broadcast", async () => {
    const x = tfl.input({ shape: image });
    const features = l.dense({ units: 4 }).apply(l.globalAveragePooling2d({}).apply(x)) as Tensor;
    const row = l.reshape({ targetShape: [1, 1, 4] }).apply(features) as Tensor;
    await expectConverts(model(x, merge().apply([conv(x), row]) as Tensor));
  });

  it("of tensors of different rank", async () => {
    const x = tfl.input({ shape: [6, 7, 4] });
    const features = l.globalMaxPooling2d({}).apply(x) as Tensor;
    await expectConverts(model(x, merge().apply([conv(x), features]) as Tensor));
  });
});

describe("Concatenate", () => {
  it.each([-1, 1, 2, 3])("of images along axis %d", async (axis) => {
    const x = tfl.input({ shape: image });
    await expectConverts(model(x, l.concatenate({ axis }).apply([conv(x, 3), x, conv(x, 3)]) as Tensor));
  });

  it("of features", async () => {
    const inputs = [tfl.input({ shape: [5] }), tfl.input({ shape: [2] })];
    await expectConverts(model(inputs, l.concatenate().apply(inputs) as Tensor));
  });

  it("of flattened images and features, each in the order in which it is held", async () => {
    const x = tfl.input({ shape: image });
    const flat = [conv(x), x, conv(x, 2)].map((y) => l.flatten().apply(y) as Tensor);
    const joined = l.concatenate().apply(flat) as Tensor;
    const normed = l.batchNormalization().apply(joined) as Tensor;
    const onnx = await expectConverts(model(x, l.dense({ units: 3 }).apply(normed) as Tensor));
    expect(opsOf(onnx)).not.toContain("Gather");
  });
});

it("Subtract, of Keras", async () => {
  const [a, b] = [tfl.input({ shape: [5], name: "a" }), tfl.input({ shape: [5], name: "b" })];
  const sum = tfl.model({ inputs: [a, b], outputs: l.add({ name: "d" }).apply([a, b]) as Tensor });
  const { json, weights } = await save(sum);
  const changed = JSON.parse(JSON.stringify(json).replace('"class_name":"Add"', '"class_name":"Subtract"'));
  const [x, y] = feedsOf(sum);
  const { d } = await runOnnx(graphFromLayers(changed, weights).model, { a: x!, b: y! });
  const [expected] = runTfjs(sum, [x!, { ...y!, data: Float32Array.from(y!.data, (value) => -value) }]);
  expectSame(d!, expected!);
});
