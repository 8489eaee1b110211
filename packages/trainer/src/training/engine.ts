import type { Batch } from "../augmented-batches.ts";
import type { LabelledImages } from "../datasets/labelled-images.ts";

/** What takes training steps on a LayersModel's weights. */
export interface Engine {
  /** Name and version of what runs the steps. */
  readonly name: string;
  /** One step on a batch; the figures are those of the weights before it. */
  step(batch: Batch, learningRate: number): Promise<{ readonly loss: number; readonly correct: number }>;
  /** The fraction of the pictures that the weights read right that would be kept now. */
  accuracyOn(images: LabelledImages): Promise<number>;
  /** Puts the weights that would be kept now into the LayersModel. */
  exportWeights(): Promise<void>;
  dispose(): Promise<void>;
}
