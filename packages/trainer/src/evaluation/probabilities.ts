import type { InferenceSession, Tensor } from "onnxruntime-common";
import { bytesPerImage, type LabelledImages } from "../datasets/labelled-images.ts";

/** Pictures to one run of a session: enough to fill the cores, small enough for the caches. */
const BATCH = 250;

/** A session and its module's own Tensor: each build of onnxruntime has its own. */
export interface Runner {
  readonly session: InferenceSession;
  readonly Tensor: typeof Tensor;
}

type Pictures = Pick<LabelledImages, "pixels" | "imageShape">;

/** One output of a model for the first `count` pictures, batch after batch: [count, classes] in one array. */
export async function runOver(
  runner: Runner,
  output: string,
  images: Pictures,
  count: number,
  check?: () => void,
): Promise<Float32Array> {
  const { [output]: values } = await runAllOver(runner, [output], images, count, check);
  return values!;
}

/** The same of several outputs, by name. */
export async function runAllOver(
  { session, Tensor }: Runner,
  outputs: readonly string[],
  { pixels, imageShape }: Pictures,
  count: number,
  check: () => void = () => {},
): Promise<Record<string, Float32Array>> {
  const size = bytesPerImage(imageShape);
  const results: Record<string, Float32Array> = Object.fromEntries(outputs.map((name) => [name, new Float32Array()]));
  for (let first = 0; first < count; first += BATCH) {
    check();
    const n = Math.min(BATCH, count - first);
    const batch = pixels.slice(first * size, (first + n) * size);
    const feeds = { pixels: new Tensor("uint8", batch, [n, ...imageShape]) };
    for (const [name, tensor] of Object.entries(await session.run(feeds, outputs))) {
      const values = tensor.data as Float32Array;
      if (first === 0) results[name] = new Float32Array((values.length / n) * count);
      results[name]!.set(values, (values.length / n) * first);
      tensor.dispose();
    }
  }
  return results;
}
