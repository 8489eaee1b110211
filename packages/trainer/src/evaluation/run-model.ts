import type { LabelledImages } from "../datasets/labelled-images.ts";
import { loadOnnxruntime, sessionOptions } from "../onnxruntime.ts";
import { runOver } from "./probabilities.ts";

/** One output of a served model, of a file or its bytes, for all pictures: [count, …] in one array. */
export async function runModel(
  model: string | Uint8Array,
  output: string,
  images: LabelledImages,
  check?: () => void,
): Promise<Float32Array> {
  const { InferenceSession, Tensor } = await loadOnnxruntime();
  const options = sessionOptions();
  // Two signatures that TypeScript does not choose between for a union.
  const session = await (typeof model === "string"
    ? InferenceSession.create(model, options)
    : InferenceSession.create(model, options));
  try {
    return await runOver({ session, Tensor }, output, images, images.count, check);
  } finally {
    await session.release();
  }
}
