import { decodeModel, encodeModel, float32, GraphBuilder, type Model, modelOf } from "@glyphcast/onnx";
import { describe, expect, it } from "vitest";
import { runAllOver } from "../evaluation/probabilities.ts";
import { loadOnnxruntime } from "../onnxruntime.ts";
import { randomStream } from "../random.ts";
import { familiarity, featuresOf, withConfidence, withOutput } from "./confidence.ts";
import { fitGaussians, squaredDistances } from "./gaussians.ts";

const [HEIGHT, WIDTH, CLASSES] = [6, 8, 3];
const FEATURES = HEIGHT * WIDTH;

/** A served model whose features are its pixels. */
function served(): Model {
  const random = randomStream(7);
  const g = new GraphBuilder("served");
  const pixels = g.op("Cast", [g.input("pixels", "uint8", ["batch", HEIGHT, WIDTH])], { to: 1 });
  const flat = g.op("Flatten", [pixels], { axis: 1 });
  const kernel = float32(
    [FEATURES, CLASSES],
    Array.from({ length: FEATURES * CLASSES }, () => random() / 100),
  );
  const named = (name: string) => ({ name, outputs: [name] });
  g.op("Gemm", [flat, g.initializer("kernel", kernel), g.floats([0, 1, 2])], {}, named("logits"));
  g.op("Softmax", ["logits"], { axis: 1 }, named("probabilities"));
  g.op("ReduceMax", ["probabilities"], { axes: [1], keepdims: 0 }, named("confidence"));
  for (const name of ["logits", "probabilities", "confidence"]) g.output(name);
  return modelOf(g.build());
}

/** Pictures of three kinds, each a pattern of its own with noise. */
function pictures(count: number, seed: number) {
  const random = randomStream(seed);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % CLASSES);
  const pixels = Uint8Array.from({ length: count * FEATURES }, (_, i) => {
    const [picture, at] = [Math.floor(i / FEATURES), i % FEATURES];
    return 60 + 40 * Number(at % CLASSES === labels[picture]) + 50 * random();
  });
  return { pixels, labels, imageShape: [HEIGHT, WIDTH] as const };
}

async function answers(model: Model, images: ReturnType<typeof pictures>, count: number, ...more: string[]) {
  const { InferenceSession, Tensor } = await loadOnnxruntime();
  const session = await InferenceSession.create(encodeModel(model));
  try {
    return await runAllOver({ session, Tensor }, ["confidence", "probabilities", ...more], images, count);
  } finally {
    await session.release();
  }
}

describe("confidence", () => {
  it("is computed by the graph as by plain arithmetic, and falls for what is unlike the training pictures", async () => {
    const model = served();
    const features = featuresOf(model)!;
    const train = pictures(300, 1);
    const { [features]: values } = await answers(withOutput(model, features), train, 300, features);
    expect(values).toEqual(Float32Array.from(train.pixels));
    const gaussians = fitGaussians(values!, train.labels)!;
    expect(gaussians).toMatchObject({ features: FEATURES, directions: 30 });

    const rewritten = decodeModel(encodeModel(withConfidence(model, features, gaussians)));
    expect(rewritten.graph.outputs.map(({ name }) => name)).toEqual(["logits", "probabilities", "confidence"]);
    const fresh = pictures(90, 2);
    const { confidence, probabilities } = await answers(rewritten, fresh, 90);
    const largest = (i: number): number => Math.max(...probabilities!.subarray(i * CLASSES, (i + 1) * CLASSES));
    const distances = squaredDistances(gaussians, Float32Array.from(fresh.pixels));
    const expected = distances.map((distance, i) => largest(i) * familiarity(distance, gaussians.reach));
    expect(confidence).toBeAllClose(Float32Array.from(expected), { atol: 1e-5 }); // single precision

    const blank = { ...fresh, pixels: new Uint8Array(FEATURES) };
    expect((await answers(rewritten, blank, 1)).confidence![0]).toBeLessThan(1e-3);
  });

  it("needs a dense layer at the end, and enough pictures", () => {
    const model = served();
    const graph = {
      ...model.graph,
      nodes: model.graph.nodes.map((node) => (node.op === "Gemm" ? { ...node, op: "Relu" } : node)),
    };
    expect(featuresOf({ ...model, graph })).toBeUndefined();
    expect(fitGaussians(new Float32Array(50 * 8), new Uint8Array(50))).toBeUndefined();
    expect(fitGaussians(new Float32Array(500 * 8), new Uint8Array(500))).toBeUndefined(); // nothing ever varies
  });
});

describe("squaredDistances", () => {
  it("are those of Mahalanobis where the directions are all of the variance", () => {
    // Two classes at (±10, 0, 0), of standard deviations 3 and 1 around them, and a third dimension of next to nothing.
    const random = randomStream(3);
    const gauss = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const labels = Uint8Array.from({ length: 20_000 }, (_, i) => i % 2);
    const values = Float32Array.from(
      [...labels].flatMap((label) => [20 * label - 10 + 3 * gauss(), gauss(), gauss() / 100]),
    );
    const found = squaredDistances(
      fitGaussians(values, labels)!,
      Float32Array.of(-10, 0, 0, 13, 0, 0, 10, 2, 0, 10, 0, 0.02),
    );
    expect(found).toBeAllClose([0, 1, 4, 4], { atol: 0.15 }); // estimated from 20,000 pictures
  });
});
