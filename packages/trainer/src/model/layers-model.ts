import type { LayersModel, Sequential } from "@tensorflow/tfjs-layers";
import { UsageError } from "../errors.ts";
import { randomStream } from "../random.ts";
import type { Block, ConvBlock } from "../recipes/recipe.ts";
import type { BuildOptions } from "./architecture.ts";
import { loadTfjs, type Tfjs } from "./tfjs.ts";

/** Keeps this use of a seed apart from the others. */
const WEIGHTS = 0x77676874;

/**
 * The LayersModel of a recipe: pictures [batch, height, width, channels] in 0…1 to class probabilities, its initial weights
 * drawn from `seed`.
 */
export async function buildLayersModel(
  network: readonly Block[],
  { imageShape, classes, seed }: BuildOptions,
): Promise<Sequential> {
  const tf = await loadTfjs();
  const random = randomStream(seed, WEIGHTS);
  const drawSeed = (): number => Math.floor(random() * 2 ** 31);

  const [height, width, channels = 1] = imageShape;
  const model = tf.sequential({ name: "glyphcast" });
  model.add(tf.layers.inputLayer({ inputShape: [height, width, channels], name: "image" }));
  const add = (layer: Layer): void => {
    try {
      model.add(layer);
    } catch (cause) {
      throw new UsageError(
        `Pictures of ${width}×${height} are too small for this network: nothing is left of them at ${layer.name}.\n` +
          "  Ask for a larger --size, or another --recipe.",
        { cause },
      );
    }
  };
  for (const [i, block] of network.entries()) {
    switch (block.kind) {
      case "conv":
        for (const layer of convLayers(tf, block, `block${i + 1}`, drawSeed())) add(layer);
        break;
      case "global-average":
        model.add(tf.layers.globalAveragePooling2d({ dataFormat: "channelsLast", name: "average" }));
        break;
      case "dense": {
        const kernelInitializer = tf.initializers.glorotUniform({ seed: drawSeed() });
        if (model.outputShape.length > 2) model.add(tf.layers.flatten({ name: "flatten" }));
        model.add(tf.layers.dense({ units: classes, kernelInitializer, name: "logits" }));
        break;
      }
    }
  }
  model.add(tf.layers.softmax({ name: "probabilities" }));
  return model;
}

type Layer = InstanceType<Tfjs["layers"]["Layer"]>;

function convLayers(tf: Tfjs, block: ConvBlock, name: string, seed: number): Layer[] {
  const { filters, kernel, stride = 1, padding = "same", pool } = block;
  const { layers, initializers } = tf;
  const convolution = layers.conv2d({
    name: `${name}_conv`,
    filters,
    kernelSize: kernel,
    strides: stride,
    padding,
    useBias: false,
    kernelInitializer: initializers.heNormal({ seed }),
  });
  const normalisation = layers.batchNormalization({ name: `${name}_norm`, momentum: 0.9, epsilon: 1e-5 });
  // ReLU and maximum commute, and after pooling ReLU has a quarter of the work.
  const pooling =
    pool === undefined ? [] : [layers.maxPooling2d({ name: `${name}_pool`, poolSize: pool, strides: pool })];
  return [convolution, normalisation, ...pooling, layers.reLU({ name: `${name}_relu` })];
}

/** How many numbers training adjusts; running statistics are not among them. */
export function countParameters(model: LayersModel): number {
  return model.trainableWeights.reduce((sum, { shape }) => sum + shape.reduce<number>((n, d) => n * (d ?? 1), 1), 0);
}
