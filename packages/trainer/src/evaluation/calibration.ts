import { argMax } from "./metrics.ts";

/** Answers of about the same confidence. */
export interface CalibrationBin {
  /** Its confidences lie in (from, to]. */
  readonly from: number;
  readonly to: number;
  readonly images: number;
  readonly meanConfidence: number;
  readonly accuracy: number;
}

export interface Calibration {
  /** Bins without pictures are left out. */
  readonly bins: readonly CalibrationBin[];
  /** The expected calibration error: how far confidence and accuracy are apart, over all pictures. */
  readonly ece: number;
}

const BINS = 15;

/**
 * Whether answers of 90 % are right in nine of ten cases.
 *
 * probabilities: [n, classes].
 * @see Guo et al. 2017, "On Calibration of Modern Neural Networks", §2
 */
export function calibration(probabilities: Float32Array, labels: ArrayLike<number>, classes: number): Calibration {
  const found = Array.from({ length: BINS }, () => ({ images: 0, confidence: 0, correct: 0 }));
  for (let i = 0; i < labels.length; i++) {
    const guess = argMax(probabilities, i * classes, classes);
    const confidence = probabilities[i * classes + guess]!;
    const bin = found[Math.min(BINS - 1, Math.max(0, Math.ceil(confidence * BINS) - 1))]!;
    bin.images++;
    bin.confidence += confidence;
    if (guess === labels[i]) bin.correct++;
  }
  // ECE = Σ |bin| / n · |accuracy − confidence|
  const ece = found.reduce((sum, { confidence, correct }) => sum + Math.abs(correct - confidence), 0) / labels.length;
  const bins = found.map(({ images, confidence, correct }, i) => ({
    from: i / BINS,
    to: (i + 1) / BINS,
    images,
    meanConfidence: confidence / images,
    accuracy: correct / images,
  }));
  return { bins: bins.filter(({ images }) => images > 0), ece };
}
