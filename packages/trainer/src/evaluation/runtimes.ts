import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { bytesPerImage, type LabelledImages } from "../datasets/labelled-images.ts";
import { loadTfjs } from "../model/tfjs.ts";
import { loadOnnxruntime, loadOnnxruntimeWasm, sessionOptions } from "../onnxruntime.ts";
import { type Runner, runAllOver } from "./probabilities.ts";

/** What a model says of pictures. */
export interface Answers {
  /** [images, classes] */
  readonly probabilities: Float32Array;
  /** [images]; a LayersModel has none. */
  readonly confidence?: Float32Array | undefined;
}

/** Gives the answers to the first `count` pictures. */
export type Answering = (images: LabelledImages, count: number, check: () => void) => Promise<Answers>;

async function answersOver(runner: Runner, ...[images, count, check]: Parameters<Answering>): Promise<Answers> {
  const found = await runAllOver(runner, ["probabilities", "confidence"], images, count, check);
  return { probabilities: found.probabilities!, confidence: found.confidence! };
}

/** A model file on onnxruntime-node. */
export const onNode =
  (onnx: string): Answering =>
  async (images, count, check) => {
    const { InferenceSession, Tensor } = await loadOnnxruntime();
    const session = await InferenceSession.create(onnx, sessionOptions());
    try {
      return await answersOver({ session, Tensor }, images, count, check);
    } finally {
      await session.release();
    }
  };

/** A model file on the WebAssembly that pages load. */
export const onWasm =
  (onnx: string): Answering =>
  async (images, count, check) => {
    const { InferenceSession, Tensor } = await loadOnnxruntimeWasm();
    const session = await InferenceSession.create(await readFile(onnx), { executionProviders: ["wasm"] });
    try {
      return await answersOver({ session, Tensor }, images, count, check);
    } finally {
      await session.release();
    }
  };

/** A saved LayersModel on TF.js's own CPU backend. */
export const onTfjs =
  (modelJson: string): Answering =>
  async ({ pixels, imageShape }, count) => {
    const tf = await loadTfjs();
    const { modelTopology, weightsManifest } = JSON.parse(await readFile(modelJson, "utf8"));
    const [{ paths, weights: weightSpecs }] = weightsManifest;
    const { buffer: weightData } = new Uint8Array(await readFile(join(dirname(modelJson), paths[0])));
    const model = await tf.loadLayersModel({ load: async () => ({ modelTopology, weightSpecs, weightData }) });
    const probabilities = tf.tidy(() => {
      const [height, width, channels = 1] = imageShape;
      const bytes = pixels.subarray(0, count * bytesPerImage(imageShape));
      const ink = tf.tensor(Float32Array.from(bytes), [count, height, width, channels]);
      return (model.predict(tf.mul(ink, 1 / 255)) as typeof ink).dataSync() as Float32Array;
    });
    model.dispose();
    return { probabilities };
  };
