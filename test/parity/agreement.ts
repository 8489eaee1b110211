export interface Agreement {
  readonly images: number;
  /** The largest difference of a probability; infinite where one side has a NaN. */
  readonly maxAbsDiff: number;
  /** Images whose likeliest class differs. */
  readonly argmaxDisagreements: number;
}

/** Compares two runtimes' probabilities, [images, classes]. */
export function agreementOf(received: Float32Array, expected: Float32Array, classes: number): Agreement {
  if (received.length === 0 || received.length !== expected.length)
    throw new Error(`Comparing ${received.length} probabilities with ${expected.length} proves nothing.`);
  const images = received.length / classes;
  const likeliest = (probabilities: Float32Array, image: number) => {
    const row = probabilities.subarray(image * classes, (image + 1) * classes);
    return row.indexOf(Math.max(...row));
  };
  let maxAbsDiff = 0;
  for (const [i, value] of received.entries()) {
    const difference = Math.abs(value - expected[i]!);
    if (!(difference <= maxAbsDiff)) maxAbsDiff = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  }
  let argmaxDisagreements = 0;
  for (let image = 0; image < images; image++)
    if (likeliest(received, image) !== likeliest(expected, image)) argmaxDisagreements++;
  return { images, maxAbsDiff, argmaxDisagreements };
}
