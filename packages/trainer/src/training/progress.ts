/** What is known in the middle of an epoch. */
export interface Progress {
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Steps done in this epoch. */
  readonly step: number;
  readonly steps: number;
  /** Means over the epoch so far, on augmented pictures. */
  readonly loss: number;
  readonly accuracy: number;
  readonly imagesPerSecond: number;
  /** Until the last epoch's end. */
  readonly remainingSeconds: number;
}

/** What is known at the end of an epoch: a row of metrics.csv. */
export interface EpochRecord {
  readonly epoch: number;
  /** Means over the epoch, on augmented pictures, while the weights still changed. */
  readonly loss: number;
  readonly accuracy: number;
  /** Both on the held-out pictures, if there are any, with the weights as they would be kept now. */
  readonly validationLoss?: number;
  readonly validationAccuracy?: number;
  readonly learningRate: number;
  readonly imagesPerSecond: number;
  readonly seconds: number;
}
