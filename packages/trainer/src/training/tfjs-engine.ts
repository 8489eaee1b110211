import { DivergedError } from "@glyphcast/onnx-train";
import type { AdamOptimizer, Tensor, Variable } from "@tensorflow/tfjs-core";
import type { LayersModel, SymbolicTensor } from "@tensorflow/tfjs-layers";
import { bytesPerImage, type LabelledImages } from "../datasets/labelled-images.ts";
import { countCorrect, meanCrossEntropy } from "../evaluation/metrics.ts";
import type { Tfjs } from "../model/tfjs.ts";
import type { CreateEngine } from "./engine.ts";
import type { TfjsBackend } from "./tfjs-backend.ts";
import { encodeState, restoreState } from "./tfjs-state.ts";

/** Pictures to one prediction. */
const BATCH = 250;

/**
 * Trains with TF.js's own gradients and Adam, step by step the way the ONNX graph does: the same batches, rates, loss,
 * decay and average, so the two engines differ in rounding only.
 */
export const tfjsEngine =
  ({ tf, backend, name, threads }: TfjsBackend): CreateEngine =>
  async (model, recipe, { classes }) => {
    await tf.setBackend(backend);
    const logitsFrom = logitsOf(tf, model);
    const weights = model.trainableWeights.map((weight) => {
      const variable = weight.read() as Variable;
      return { name: weight.originalName, variable, average: tf.variable(variable, false) };
    });
    // Plain fields, though not public ones: the learning rate, and what Adam itself would make at its first step.
    const adam = tf.train.adam(0, 0.9, 0.999, 1e-8) as unknown as Adam;
    for (const { name, variable } of weights) {
      adam.accumulatedFirstMoment.push({ originalName: `${name}/m`, variable: tf.zerosLike(variable).variable(false) });
      adam.accumulatedSecondMoment.push({
        originalName: `${name}/v`,
        variable: tf.zerosLike(variable).variable(false),
      });
    }
    const state = new Map<string, Variable>([
      ...model.weights.map((weight) => [weight.originalName, weight.read() as Variable] as const),
      ...weights.map(({ name, average }) => [`${name}/average`, average] as const),
      ...[...adam.accumulatedFirstMoment, ...adam.accumulatedSecondMoment].map(
        ({ originalName, variable }) => [originalName, variable] as const,
      ),
      ["adam/beta1", adam.accBeta1],
      ["adam/beta2", adam.accBeta2],
    ]);
    let steps = 0;

    function scoresOf(pixels: Uint8Array, count: number, training: boolean): Tensor {
      const [, height, width, channels] = model.inputs[0]!.shape;
      const ink = tf.tensor(Float32Array.from(pixels), [count, height!, width!, channels!]);
      return logitsFrom(tf.mul(ink, 1 / 255), training);
    }

    /** AdamW: p ← p − η·λ·p before Adam's own move, which does not depend on p. */
    function decay(rate: number): void {
      const kept = 1 - rate * recipe.weightDecay;
      for (const { name, variable } of weights) if (name.endsWith("/kernel")) variable.assign(tf.mul(variable, kept));
    }

    /** As onnx-train's exponentialAverage: step t decays by min(decay, (1 + t) / (10 + t)). */
    function follow(): void {
      const rest = 1 - Math.min(recipe.ema.decay, (1 + steps) / (10 + steps));
      for (const { variable, average } of weights)
        average.assign(tf.add(average, tf.mul(tf.sub(variable, average), rest)));
    }

    return {
      name,
      threads,

      async step({ pixels, labels }, learningRate) {
        return tf.tidy(() => {
          let correct = 0;
          const { value, grads } = tf.variableGrads(
            () => {
              const scores = scoresOf(pixels, labels.length, true);
              correct = countCorrect(scores.dataSync(), labels, classes);
              const truth = tf.oneHot(tf.tensor1d(labels, "int32"), classes, 1, 0, "float32");
              return tf.losses.softmaxCrossEntropy(truth, scores, undefined, recipe.labelSmoothing);
            },
            weights.map(({ variable }) => variable),
          );
          const loss = value.dataSync()[0]!;
          if (!Number.isFinite(loss)) {
            const bad = weights.find(({ variable }) => !variable.dataSync<"float32">().every(Number.isFinite));
            throw new DivergedError(steps, loss, bad?.name);
          }
          decay(learningRate);
          adam.learningRate = learningRate;
          adam.applyGradients(Object.entries(grads).map(([name, tensor]) => ({ name, tensor })));
          steps++;
          follow();
          return { loss, correct };
        });
      },

      async figuresOn({ pixels, labels, count, imageShape }: LabelledImages) {
        const trained = weights.map(({ variable }) => variable.clone());
        for (const { variable, average } of weights) variable.assign(average);
        const size = bytesPerImage(imageShape);
        const logits = new Float32Array(count * classes);
        for (let first = 0; first < count; first += BATCH) {
          const last = Math.min(count, first + BATCH);
          const batch = pixels.subarray(first * size, last * size);
          logits.set(
            tf.tidy(() => scoresOf(batch, last - first, false).dataSync()),
            first * classes,
          );
        }
        for (const [i, { variable }] of weights.entries()) variable.assign(trained[i]!);
        tf.dispose(trained);
        return {
          loss: meanCrossEntropy(logits, labels, classes, recipe.labelSmoothing),
          accuracy: countCorrect(logits, labels, classes) / count,
        };
      },

      async exportWeights() {
        for (const { variable, average } of weights) variable.assign(average);
      },

      checkpoint: () => encodeState({ variables: state, steps }),
      restore(file) {
        steps = restoreState(tf, file, state);
      },

      async dispose() {
        adam.dispose();
        tf.dispose(weights.map(({ average }) => average));
      },
    };
  };

/** TF.js's Adam with what it keeps to itself. */
type Adam = Pick<AdamOptimizer, "applyGradients" | "dispose"> & {
  learningRate: number;
  /** β₁ᵗ and β₂ᵗ of the step to come. */
  readonly accBeta1: Variable;
  readonly accBeta2: Variable;
  /** In the order of the gradients. */
  readonly accumulatedFirstMoment: { readonly originalName: string; readonly variable: Variable }[];
  readonly accumulatedSecondMoment: { readonly originalName: string; readonly variable: Variable }[];
};

/** Of a probability that was rounded to 0 there is no logarithm. */
const LEAST = 1e-37;

/** What the softmax of a model takes; where it belongs to a layer that has weights, the logarithm of what comes out. */
function logitsOf(tf: Tfjs, model: LayersModel): (pictures: Tensor, training: boolean) => Tensor {
  const last = model.outputs[0]!.sourceLayer;
  if (last.getClassName() !== "Softmax")
    return (pictures, training) => tf.log(tf.maximum(model.apply(pictures, { training }) as Tensor, LEAST));
  const logits = tf.model({ inputs: model.inputs, outputs: last.input as SymbolicTensor });
  return (pictures, training) => logits.apply(pictures, { training }) as Tensor;
}
