import { load, type Model, type Picture } from "@glyphcast/runtime-web";
import { beforeAll, describe, expect, it } from "vitest";
import { commands } from "vitest/browser";
import { type Agreement, agreementOf } from "./agreement.ts";
import type { NodeAnswers, PictureAnswers } from "./answers.ts";
import { base64FromBytes, bytesFromBase64 } from "./base64.ts";

const MODEL = "/models/digits/1";
const COLOURS = "/test/fixtures/models/colours/1";
const CLASSES = 10;

let node: NodeAnswers;
let images: Uint8Array;
let expected: Float32Array;

beforeAll(async () => {
  node = await commands.nodeAnswers();
  images = bytesFromBase64(node.images);
  expected = new Float32Array(bytesFromBase64(node.probabilities).buffer);
});

async function agreementOn(model: Model<Picture>, count: number): Promise<Agreement> {
  const { probabilities } = await model.run(images.subarray(0, count * 784), count);
  return agreementOf(probabilities, expected.subarray(0, count * CLASSES), CLASSES);
}

describe("MNIST's test images get onnxruntime-node's answer", () => {
  it("all 10,000 on WASM, probabilities within 1e-5", async () => {
    expect(node.provider).toBe("cpu");
    await using model = await load(MODEL, { device: "wasm" });
    expect(model.provider.name).toBe("wasm");
    const agreement = await agreementOn(model, 10_000);
    console.log(`WASM: ${JSON.stringify(agreement)}`);
    expect(agreement).toMatchObject({ images: 10_000, argmaxDisagreements: 0 });
    // The order of float32 sums differs between the two builds.
    expect(agreement.maxAbsDiff).toBeLessThanOrEqual(1e-5);
  });

  it("500 on WebGPU, probabilities within 1e-3", async () => {
    await using model = await load(MODEL, { device: "webgpu" });
    expect(model.provider.name).toBe("webgpu");
    const agreement = await agreementOn(model, 500);
    console.log(`WebGPU: ${JSON.stringify(agreement)}`);
    expect(agreement).toMatchObject({ images: 500, argmaxDisagreements: 0 });
    // A GPU's exp and its fused multiply-adds round otherwise.
    expect(agreement.maxAbsDiff).toBeLessThanOrEqual(1e-3);
  });
});

describe("picture files go the whole way", () => {
  it("PNG to the same bytes in both, every format to the same answer where the bytes are the same", async () => {
    // Two JPEG decoders may round a level differently; the placement may then move a grey level, not the digit.
    await compareFiles(MODEL, node.pictures, 24);
  });

  it("and in colour, with a model that the trainer made of colour pictures", async () => {
    // Without a placement, a level that two decoders round differently stays about one level.
    await compareFiles(COLOURS, node.inColour, 4);
  });
});

/** Reads every picture file on WASM; levels of a format other than PNG may differ by `levels`. */
async function compareFiles(folder: string, expected: PictureAnswers, levels: number): Promise<void> {
  await using model = await load(folder, { device: "wasm" });
  const files = Object.entries(expected);
  expect(files.length).toBeGreaterThanOrEqual(40);
  const differing: string[] = [];
  for (const [file, { pixels: expectedPixels, probabilities }] of files) {
    const blob = await (await fetch(`/test/fixtures/pictures/${file}`)).blob();
    const pixels = await model.pixels(blob);
    const same = base64FromBytes(pixels) === expectedPixels;
    if (!same) differing.push(file);
    const answer = await model.run(bytesFromBase64(expectedPixels), 1);
    expect(answer.probabilities).toBeAllClose(new Float32Array(bytesFromBase64(probabilities).buffer), {
      rtol: 0,
      atol: 1e-5,
    });
    if (file.endsWith(".png")) expect([file, same]).toEqual([file, true]);
    else expect(pixels).toBeAllClose(bytesFromBase64(expectedPixels), { rtol: 0, atol: levels });
  }
  console.log(`${files.length} pictures, other bytes in: ${differing.join(", ") || "none"}`);
}
