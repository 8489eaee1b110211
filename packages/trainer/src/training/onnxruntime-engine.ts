import { encodeModel } from "@glyphcast/onnx";
import {
  adamW,
  buildTrainStep,
  exponentialAverage,
  forwardWith,
  softmaxCrossEntropy,
  TrainSession,
} from "@glyphcast/onnx-train";
import { graphFromLayers, weightsFromParameters } from "@glyphcast/tfjs-to-onnx";
import { countCorrect, meanCrossEntropy } from "../evaluation/metrics.ts";
import { runModel } from "../evaluation/run-model.ts";
import { modelArtifacts, setWeights } from "../model/artifacts.ts";
import { loadOnnxruntime, sessionOptions, threads } from "../onnxruntime.ts";
import type { CreateEngine } from "./engine.ts";

const LOGITS = "logits";

/** Trains by running the recipe's step, loss and gradients and AdamW as one ONNX graph, on stock onnxruntime. */
export const createOnnxruntimeEngine: CreateEngine = async (model, recipe, { classes, seed }) => {
  const ort = await loadOnnxruntime();
  const { modelJson, namedWeights } = await modelArtifacts(model);
  const { model: forward, origins } = graphFromLayers(modelJson, namedWeights, {
    training: true,
    uint8Input: { scale: 1 / 255, offset: 0 },
  });
  const step = buildTrainStep(forward, {
    loss: softmaxCrossEntropy({ labelSmoothing: recipe.labelSmoothing }),
    optimiser: adamW({ weightDecay: recipe.weightDecay, decays: (name) => name.endsWith("/kernel") }),
    average: exponentialAverage(recipe.ema.decay),
    prediction: LOGITS,
    dims: { batch: recipe.batchSize },
  });
  const session = await TrainSession.create(ort, step, { seed, sessionOptions: sessionOptions() });

  return {
    name: `onnxruntime-node ${ort.env.versions.node}`,
    threads: threads(),

    async step({ pixels, labels }, learningRate) {
      const { loss, prediction } = await session.step({ pixels }, labels, learningRate);
      return { loss, correct: countCorrect(prediction, labels, classes) };
    },

    async figuresOn(images) {
      const kept = encodeModel(forwardWith(forward, session.averages()));
      const logits = await runModel(kept, LOGITS, images);
      return {
        loss: meanCrossEntropy(logits, images.labels, classes, recipe.labelSmoothing),
        accuracy: countCorrect(logits, images.labels, classes) / images.count,
      };
    },

    exportWeights: () => setWeights(model, weightsFromParameters(origins, session.averages())),

    checkpoint: () => session.checkpoint(),
    restore: (state) => session.restore(state),

    dispose: () => session.release(),
  };
};
