import { readFileSync } from "node:fs";
import { float32, GraphBuilder, modelOf } from "../../packages/onnx/src/index.ts";
import { randomWords } from "../../packages/onnx-train/src/index.ts";
import { graphFromLayers } from "../../packages/tfjs-to-onnx/src/index.ts";
import { modelArtifacts } from "../../packages/trainer/src/model/artifacts.ts";
import { buildLayersModel } from "../../packages/trainer/src/model/layers-model.ts";
import { recipes } from "../../packages/trainer/src/recipes/index.ts";

/** The networks that are timed; each has a twin of the same name in torch_twin.py. */
export const NETWORKS = { design, "digits-fast": digitsFast };

/** The CNN of the design: conv 32, 32, pool, 64, 64, pool, dense 128, 10; 3×3, valid; 9.8 M multiplications an image. */
async function design() {
  const words = randomWords(1);
  const g = new GraphBuilder("design");
  /** He's initialisation, uniform.
   * @param {string} name @param {number[]} shape @param {number} fanIn */
  const weight = (name, shape, fanIn) => {
    const size = shape.reduce((product, dim) => product * dim, 1);
    const bound = Math.sqrt(6 / fanIn);
    return g.initializer(
      name,
      float32(
        shape,
        Float32Array.from({ length: size }, () => (words() / 2 ** 31 - 1) * bound),
      ),
    );
  };
  /** @param {string} x @param {string} name @param {number} from @param {number} to */
  const conv = (x, name, from, to) => {
    const bias = g.initializer(`${name}/bias`, float32([to], new Float32Array(to)));
    return g.op("Relu", [g.op("Conv", [x, weight(`${name}/kernel`, [to, from, 3, 3], 9 * from), bias])]);
  };
  /** @param {string} x @param {string} name @param {number} from @param {number} to */
  const dense = (x, name, from, to) => {
    const bias = g.initializer(`${name}/bias`, float32([to], new Float32Array(to)));
    return g.op("Gemm", [x, weight(`${name}/kernel`, [from, to], from), bias]);
  };
  /** @param {string} x */
  const pool = (x) => g.op("MaxPool", [x], { kernel_shape: [2, 2], strides: [2, 2] });

  const pixels = g.input("pixels", "uint8", ["batch", 1, 28, 28]);
  const scaled = g.op("Mul", [g.op("Cast", [pixels], { to: 1 }), g.floats(1 / 255)]);
  const low = pool(conv(conv(scaled, "conv1", 1, 32), "conv2", 32, 32));
  const high = pool(conv(conv(low, "conv3", 32, 64), "conv4", 64, 64));
  const hidden = g.op("Relu", [dense(g.op("Flatten", [high]), "dense1", 1024, 128)]);
  g.output(dense(hidden, "dense2", 128, 10), "logits");
  return modelOf(g.build());
}

/** The network that `npm start` trains. */
async function digitsFast() {
  const model = await buildLayersModel(recipes["digits-fast"].network, { imageShape: [28, 28], classes: 10, seed: 1 });
  const { modelJson, namedWeights } = await modelArtifacts(model);
  return graphFromLayers(modelJson, namedWeights, { training: true, uint8Input: { scale: 1 / 255, offset: 0 } }).model;
}

/** The most memory this process has held, in MiB: Linux keeps count, elsewhere it is what Node reports. */
export function peakRssMiB() {
  try {
    const status = readFileSync("/proc/self/status", "utf8");
    return Math.round(Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024);
  } catch {
    return Math.round(process.resourceUsage().maxRSS / 1024);
  }
}
