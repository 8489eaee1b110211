import type { LayersModel } from "@tensorflow/tfjs-layers";
import type { Batch } from "../augmented-batches.ts";
import type { LabelledImages } from "../datasets/labelled-images.ts";
import type { Recipe } from "../recipes/recipe.ts";

/** What takes training steps on a LayersModel's weights. */
export interface Engine {
  /** Name and version of what runs the steps. */
  readonly name: string;
  readonly threads: number;
  /**
   * One step on a batch; the figures are those of the weights before it.
   *
   * @throws DivergedError of onnx-train when the loss is not finite.
   */
  step(batch: Batch, learningRate: number): Promise<{ readonly loss: number; readonly correct: number }>;
  /** How well the weights that would be kept now fit the pictures: the recipe's loss, and the fraction read right. */
  figuresOn(images: LabelledImages): Promise<{ readonly loss: number; readonly accuracy: number }>;
  /** Puts the weights that would be kept now into the LayersModel. */
  exportWeights(): Promise<void>;
  /** All that the next step depends on besides its batch, where the engine can say it. */
  readonly checkpoint?: () => Uint8Array;
  /** Goes back to such a state. */
  readonly restore?: (state: Uint8Array) => void;
  dispose(): Promise<void>;
}

/** Sets an engine up for a model and a recipe. */
export type CreateEngine = (
  model: LayersModel,
  recipe: Recipe,
  options: { readonly classes: number; readonly seed: number },
) => Promise<Engine>;
