import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { digitSteps, preprocess, type RgbaImage } from "@glyphcast/preprocess";
import { load } from "@glyphcast/runtime-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { firstImages, type LabelledImages } from "../../datasets/labelled-images.ts";
import { loadMnist } from "../../datasets/mnist.ts";
import { enlarged, placed } from "./placement.ts";
import { type StressOptions, stressTest } from "./stress-test.ts";

let model: Awaited<ReturnType<typeof load>>;
let test: LabelledImages;
let options: StressOptions;
beforeAll(async () => {
  model = await load(fileURLToPath(new URL("../../../../../models/digits/1", import.meta.url)), {
    device: "cpu",
    worker: false,
  });
  test = await (await loadMnist()).test();
  options = {
    read: async (pixels, count) => (await model.run(pixels, count)).probabilities,
    steps: model.manifest.preprocess,
    check: () => {},
  };
});
afterAll(() => model.dispose());

describe("stressTest", () => {
  it("counts what the published model reads of damaged, placed and enlarged digits", async () => {
    const result = await stressTest(firstImages(test, 200), options);
    expect(result).toMatchObject({ images: 200, enlargement: { disagreements: 0 } });
    expect(result.corruptions).toHaveLength(13);
    for (const { accuracy, errors } of [result.unchanged, result.placement!, ...result.corruptions])
      expect(accuracy).toBe((200 - errors) / 200);
    const mean = result.corruptions.reduce((sum, { accuracy }) => sum + accuracy, 0) / 13;
    expect(result.meanAccuracy).toBeCloseTo(mean, 12);
    expect(result.unchanged.accuracy).toBeGreaterThan(0.98);
    expect(result.placement!.accuracy).toBeGreaterThan(0.98);
  });

  it("reads no more than a batch at a time, and no canvas where a model does not place drawings", async () => {
    const batches: number[] = [];
    const resize = [digitSteps[0]!, { step: "resize", width: 28, height: 28 }] as const;
    const read = async (pixels: Uint8Array, count: number) => {
      expect(pixels).toHaveLength(784 * count);
      batches.push(count);
      return new Float32Array(10 * count);
    };
    const result = await stressTest(firstImages(test, 260), { ...options, read, steps: resize });
    expect(result).not.toHaveProperty("placement");
    expect(result).not.toHaveProperty("enlargement");
    expect(batches).toEqual(Array.from({ length: 14 }, () => [250, 10]).flat());
  });

  it("stops between two batches when told to", async () => {
    let looks = 0;
    const check = () => {
      if (++looks === 4) throw new Error("enough");
    };
    const read = async (_pixels: Uint8Array, count: number) => new Float32Array(10 * count);
    await expect(stressTest(firstImages(test, 300), { ...options, read, check })).rejects.toThrow("enough");
    expect(looks).toBe(4);
  });

  it("takes a picture without a drawing for one that is not read", async () => {
    const blank = { ...firstImages(test, 2), pixels: new Uint8Array(2 * 784), labels: Uint8Array.of(0, 0) };
    const read = async (_pixels: Uint8Array, count: number) => new Float32Array(10 * count);
    const result = await stressTest(blank, { ...options, read });
    expect(result).toMatchObject({ unchanged: { errors: 0 }, placement: { errors: 2 } });
  });
});

describe("a digit on a canvas", () => {
  const digit = (index: number) => ({
    width: 28,
    height: 28,
    data: test.pixels.slice(784 * index, 784 * (index + 1)),
  });

  it("comes back as it was from a plain enlargement, where it was placed well", () => {
    const same = Array.from({ length: 50 }, (_, index) =>
      Buffer.compare(preprocess(enlarged(digit(index)), digitSteps).data, digit(index).data),
    ).filter((difference) => difference === 0);
    expect(same.length).toBeGreaterThan(25);
  });

  it("is somewhere else each time, in either polarity, and the same again", () => {
    const canvases = Array.from({ length: 12 }, (_, index) => placed(digit(0), index));
    const sumOf = ({ data }: RgbaImage) => createHash("sha256").update(data).digest("hex");
    expect(sumOf(placed(digit(0), 3))).toBe(sumOf(canvases[3]!));
    expect(new Set(canvases.map(sumOf)).size).toBe(12);
    expect(new Set(canvases.map(({ data }) => data[0]))).toEqual(new Set([0, 255]));
  });
});
