import { decodeModel, encodeModel, float32, GraphBuilder, int64, type Model, modelOf } from "@glyphcast/onnx";
import { describe, expect, it } from "vitest";
import { runModel } from "../evaluation/run-model.ts";
import { randomStream } from "../random.ts";
import { exposingFeatures, FEATURES, familiarity, withConfidence } from "./confidence.ts";
import { fitGaussians, squaredDistances } from "./gaussians.ts";

const [HEIGHT, WIDTH, CHANNELS, CLASSES] = [6, 8, 12, 3];
const PIXELS = HEIGHT * WIDTH;

/** A served model of a convolution and a dense layer, untrained. */
function served(): Model {
  const random = randomStream(7);
  const g = new GraphBuilder("served");
  const weights = (name: string, ...shape: number[]): string => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    return g.initializer(
      name,
      float32(
        shape,
        Array.from({ length: size }, () => (random() - 0.5) / 10),
      ),
    );
  };
  const pixels = g.op("Cast", [g.input("pixels", "uint8", ["batch", HEIGHT, WIDTH])], { to: 1 });
  const image = g.op("Unsqueeze", [pixels, g.initializer("axes", int64([1], [1]))]);
  const maps = g.op("Relu", [g.op("Conv", [image, weights("filters", CHANNELS, 1, 3, 3)], { pads: [1, 1, 1, 1] })]);
  const row = g.op("Flatten", [maps], { axis: 1 });
  const named = (name: string) => ({ name, outputs: [name] });
  g.op("MatMul", [row, weights("kernel", CHANNELS * PIXELS, CLASSES)], {}, named("logits"));
  g.op("Softmax", ["logits"], { axis: 1 }, named("probabilities"));
  g.op("ReduceMax", ["probabilities"], { axes: [1], keepdims: 0 }, named("confidence"));
  for (const name of ["logits", "probabilities", "confidence"]) g.output(name);
  return modelOf(g.build());
}

/** Pictures of three kinds, each a pattern of its own with noise. */
function pictures(count: number, seed: number) {
  const random = randomStream(seed);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % CLASSES);
  const pixels = Uint8Array.from({ length: count * PIXELS }, (_, i) => {
    const [picture, at] = [Math.floor(i / PIXELS), i % PIXELS];
    return 60 + 40 * Number(at % CLASSES === labels[picture]) + 50 * random();
  });
  return { pixels, labels, count, imageShape: [HEIGHT, WIDTH] as const };
}

const answers = (model: Model, images: ReturnType<typeof pictures>, output: string): Promise<Float32Array> =>
  runModel(encodeModel(model), output, images);

describe("confidence", () => {
  it("is computed by the graph as by plain arithmetic, and falls for what is unlike the training pictures", async () => {
    const model = served();
    const exposing = exposingFeatures(model)!;
    const train = pictures(300, 1);
    const values = await answers(exposing, train, FEATURES);
    expect(values).toHaveLength(300 * (1 + CHANNELS));
    const meanOfFirst = train.pixels.subarray(0, PIXELS).reduce((sum, pixel) => sum + pixel / PIXELS, 0);
    expect(values.subarray(0, 1)).toBeAllClose([meanOfFirst], { rtol: 1e-6 }); // single precision
    const gaussians = fitGaussians(values, train.labels)!;
    expect(gaussians).toMatchObject({ features: 1 + CHANNELS, directions: CHANNELS });

    const rewritten = decodeModel(encodeModel(withConfidence(model, gaussians)));
    expect(rewritten.graph.outputs.map(({ name }) => name)).toEqual(["logits", "probabilities", "confidence"]);
    const fresh = pictures(90, 2);
    const largest = await answers(exposing, fresh, "confidence");
    const probabilities = await answers(rewritten, fresh, "probabilities");
    expect(largest[7]).toBe(Math.max(...probabilities.subarray(7 * CLASSES, 8 * CLASSES)));
    const distances = squaredDistances(gaussians, await answers(exposing, fresh, FEATURES));
    const expected = distances.map((distance, i) => largest[i]! * familiarity(distance, gaussians.reach));
    const confidence = await answers(rewritten, fresh, "confidence");
    expect(confidence).toBeAllClose(Float32Array.from(expected), { atol: 1e-4 }); // single precision, to the sixth power

    const blank = { ...fresh, pixels: new Uint8Array(PIXELS), count: 1 };
    expect((await answers(rewritten, blank, "confidence"))[0]).toBeLessThan(1e-3);
  });

  it("looks once at what a layer reads several times", () => {
    const model = served();
    const { nodes } = model.graph;
    const conv = nodes.find(({ op }) => op === "Conv")!;
    const [image, filters] = conv.inputs as [string, string];
    const dimmed = { ...conv, op: "Relu", name: "dimmed", inputs: [image], outputs: ["dimmed"], attributes: {} };
    const again = { ...conv, name: "again", inputs: ["dimmed", filters], outputs: ["again"] };
    const twice = { ...model, graph: { ...model.graph, nodes: [...nodes, dimmed, again] } };
    expect(exposingFeatures(twice)!.graph.outputs.at(-1)).toEqual(exposingFeatures(model)!.graph.outputs.at(-1));
  });

  it("needs a layer to look at, and enough pictures", () => {
    const model = served();
    const nodes = model.graph.nodes.filter(({ op }) => op !== "Conv" && op !== "MatMul");
    const inputs = [...model.graph.inputs, { name: "logits", dtype: "float32", shape: ["batch", CLASSES] } as const];
    const rest = nodes.filter(({ op }) => op === "Softmax" || op === "ReduceMax");
    expect(exposingFeatures({ ...model, graph: { ...model.graph, inputs, nodes: rest } })).toBeUndefined();
    expect(fitGaussians(new Float32Array(50 * 8), new Uint8Array(50))).toBeUndefined();
    expect(fitGaussians(new Float32Array(500 * 8), new Uint8Array(500))).toBeUndefined(); // nothing ever varies
  });
});

describe("squaredDistances", () => {
  it("are those of Mahalanobis where the directions are nearly all of the variance", () => {
    // Two classes at (±10, 0, 0), of standard deviations 3 and 1 around them, the third coordinate nearly the second.
    const random = randomStream(3);
    const gauss = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const labels = Uint8Array.from({ length: 20_000 }, (_, i) => i % 2);
    const values = Float32Array.from(
      [...labels].flatMap((label) => {
        const second = gauss();
        return [20 * label - 10 + 3 * gauss(), second, second + gauss() / 100];
      }),
    );
    const points = Float32Array.of(-10, 0, 0, 13, 0, 0, 10, 2, 2, 10, 0, 0.1);
    const found = squaredDistances(fitGaussians(values, labels)!, points);
    expect([...found.subarray(0, 3)]).toBeAllClose([0, 1, 4], { atol: 0.15 }); // estimated from 20,000 pictures
    expect(found[3]).toBeGreaterThan(40); // ten standard deviations off the line that the others lie on
  });
});
