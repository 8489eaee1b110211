import type { InferenceSession, Tensor } from "onnxruntime-common";
import { bytesPerImage, type LabelledImages } from "../datasets/labelled-images.ts";

/** Pictures to one run of a session: enough to fill the cores, small enough for the caches. */
const BATCH = 250;

/** A session and its module's own Tensor: each build of onnxruntime has its own. */
export interface Runner {
  readonly session: InferenceSession;
  readonly Tensor: typeof Tensor;
}

/** One output of a model for the first `count` pictures, batch after batch: [count, classes] in one array. */
export async function runOver(
  { session, Tensor }: Runner,
  output: string,
  { pixels, imageShape }: Pick<LabelledImages, "pixels" | "imageShape">,
  count: number,
  check: () => void = () => {},
): Promise<Float32Array> {
  const size = bytesPerImage(imageShape);
  let result = new Float32Array();
  for (let first = 0; first < count; first += BATCH) {
    check();
    const n = Math.min(BATCH, count - first);
    const batch = pixels.slice(first * size, (first + n) * size);
    const { [output]: tensor } = await session.run({ pixels: new Tensor("uint8", batch, [n, ...imageShape]) }, [
      output,
    ]);
    const values = tensor!.data as Float32Array;
    if (first === 0) result = new Float32Array((values.length / n) * count);
    result.set(values, (result.length / count) * first);
    tensor!.dispose();
  }
  return result;
}
