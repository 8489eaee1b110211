/** Temperatures beyond these are no calibration any more. */
const RANGE = { least: 0.05, most: 20 };

/** Halvings of the interval, more or less: the logarithm is then known to 1e-7. */
const STEPS = 40;

/**
 * The temperature that makes softmax(logits / T) likeliest to give the labels: 1 where there are none. The labels count
 * as right in all but one of n + 2 cases, as Platt has it, or T would tend to 0 where no logit is wrong.
 *
 * logits: [n, classes].   returns: from 0.05 to 20.
 * @see Guo et al. 2017, "On Calibration of Modern Neural Networks", §4.2
 * @see Platt 1999, "Probabilistic Outputs for Support Vector Machines", §2.2
 */
export function fitTemperature(logits: Float32Array, labels: Uint8Array, classes: number): number {
  if (labels.length === 0) return 1;
  const loss = (logT: number): number => smoothedLoss(logits, labels, classes, Math.exp(logT));
  // The loss is convex in 1/T, so it has one valley in log T too: golden-section search finds its bottom.
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [a, b] = [Math.log(RANGE.least), Math.log(RANGE.most)];
  let [c, d] = [b - ratio * (b - a), a + ratio * (b - a)];
  let [atC, atD] = [loss(c), loss(d)];
  for (let step = 0; step < STEPS; step++) {
    if (atC < atD) {
      [b, d, atD] = [d, c, atC];
      c = b - ratio * (b - a);
      atC = loss(c);
    } else {
      [a, c, atC] = [c, d, atD];
      d = a + ratio * (b - a);
      atD = loss(d);
    }
  }
  return Math.exp((a + b) / 2);
}

/** Σ −(1 − ε) log p(label) − ε · mean log p, with ε = 1 / (n + 2). */
function smoothedLoss(logits: Float32Array, labels: Uint8Array, classes: number, temperature: number): number {
  const epsilon = 1 / (labels.length + 2);
  let sum = 0;
  for (const [i, label] of labels.entries()) {
    const row = logits.subarray(i * classes, (i + 1) * classes);
    let most = Number.NEGATIVE_INFINITY;
    for (const logit of row) most = Math.max(most, logit);
    let exponentials = 0;
    let mean = 0;
    for (const logit of row) {
      exponentials += Math.exp((logit - most) / temperature);
      mean += logit / classes;
    }
    const target = (1 - epsilon) * row[label]! + epsilon * mean;
    sum += Math.log(exponentials) - (target - most) / temperature;
  }
  return sum;
}

/**
 * What the probabilities were before their logits were divided by the temperature: softmax(T · log p).
 *
 * probabilities: [n, classes].
 */
export function withoutTemperature(probabilities: Float32Array, classes: number, temperature: number): Float32Array {
  const before = new Float32Array(probabilities.length);
  for (let first = 0; first < before.length; first += classes) {
    let sum = 0;
    for (let i = first; i < first + classes; i++) {
      before[i] = probabilities[i]! ** temperature;
      sum += before[i]!;
    }
    for (let i = first; i < first + classes; i++) before[i]! /= sum;
  }
  return before;
}
