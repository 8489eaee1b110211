import type { LayersModel, SymbolicTensor } from "@tensorflow/tfjs-layers";
import { loadTfjs } from "./tfjs.ts";

/**
 * The model with its logits divided by a temperature, and the softmax of those: by a Rescaling before its last layer,
 * which the converter folds into the weights before it, or in the weights of a last Dense that has its softmax in
 * itself. Undefined where a model ends otherwise.
 */
export async function withTemperature(model: LayersModel, temperature: number): Promise<LayersModel | undefined> {
  if (temperature === 1) return model;
  const tf = await loadTfjs();
  const last = model.outputs[0]!.sourceLayer;
  const kind = last.getClassName();
  // Weights that are used elsewhere too are not for the logits alone.
  if (last.inboundNodes.length !== 1) return undefined;
  if (kind === "Dense") {
    tf.tidy(() => last.setWeights(last.getWeights().map((weight) => tf.div(weight, temperature))));
    return model;
  }
  if (kind !== "Softmax" && kind !== "Activation") return undefined;
  const cooled = tf.layers.rescaling({ scale: 1 / temperature, name: `${last.name}_temperature` });
  const softmax = tf.layers.softmax({ name: last.name });
  const outputs = softmax.apply(cooled.apply(last.input as SymbolicTensor)) as SymbolicTensor;
  return tf.model({ inputs: model.inputs, outputs, name: model.name });
}
