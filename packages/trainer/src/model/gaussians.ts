/**
 * How a network's features lie: a Gaussian for each class, all of one covariance, which is held in full in the
 * `directions` of greatest variance and as one variance in the others.
 *
 * @see Lee et al. 2018, "A Simple Unified Framework for Detecting Out-of-Distribution Samples", §2.1
 * @see Tipping and Bishop 1999, "Probabilistic Principal Component Analysis"
 */
export interface Gaussians {
  /** Features to a picture, and directions held in full. */
  readonly features: number;
  readonly directions: number;
  /** Of all pictures: [features]. */
  readonly mean: Float32Array;
  /** Orthonormal columns: [features, directions]. */
  readonly basis: Float32Array;
  /** Makes the covariance within classes, in these directions, the identity: [directions, directions]. */
  readonly whitening: Float32Array;
  /** The mean of each class that there are pictures of, whitened: [present, directions]. */
  readonly centres: Float32Array;
  /** In each of the other directions. */
  readonly variance: number;
  /** The squared distance that one training picture in a hundred exceeds. */
  readonly reach: number;
}

const DIRECTIONS = 32;
/** Directions are not worth more than a tenth of the pictures; with fewer than this nothing is. */
const FEWEST_PICTURES = 100;
/** Turns of the orthogonal iteration: what is left out varies little, however it is turned. */
const TURNS = 2;
const BEYOND_REACH = 0.01;

/** Fits to features, [n, features], and their labels; undefined where there is too little of either. */
export function fitGaussians(values: Float32Array, labels: Uint8Array): Gaussians | undefined {
  const n = labels.length;
  const features = n === 0 ? 0 : values.length / n;
  if (n < FEWEST_PICTURES || features < 2) return undefined;
  const directions = Math.min(DIRECTIONS, features - 1, Math.floor(n / 10));
  const mean = meanOf(values, n, features);
  const basis = principalDirections(values, mean, n, directions);
  const { projected, beyond } = project(values, mean, basis, n, directions);
  const variance = beyond.reduce((sum, square) => sum + square, 0) / (n * (features - directions));

  const { centres, covariance } = withinClasses(projected, labels, directions);
  const trace = covariance.reduce((sum, value, i) => (i % (directions + 1) === 0 ? sum + value : sum), 0);
  // Features that never vary say nothing.
  if (!(variance > 0 && trace > 0)) return undefined;
  // Shrunk towards a round one, as if so many more pictures were of it.
  const shrinkage = directions / (n + directions);
  const shrunk = covariance.map(
    (value, i) => (1 - shrinkage) * value + (i % (directions + 1) === 0 ? (shrinkage * trace) / directions : 0),
  );
  const whitening = whiteningOf(shrunk, directions);
  const gaussians = {
    features,
    directions,
    mean: Float32Array.from(mean),
    basis: Float32Array.from(basis),
    whitening: Float32Array.from(whitening),
    centres: Float32Array.from(times(centres, whitening, directions)),
    variance,
    reach: 1,
  };
  const distances = squaredDistances(gaussians, values).sort();
  return { ...gaussians, reach: distances[Math.floor((1 - BEYOND_REACH) * n)]! };
}

/**
 * Mahalanobis' squared distance from the nearest class: |(z − centre) · whitening|² + |what z leaves out|² / variance.
 *
 * values: [n, features].   returns: [n].
 */
export function squaredDistances(gaussians: Gaussians, values: Float32Array): Float64Array {
  const { features, directions, mean, basis, whitening, centres, variance } = gaussians;
  const n = values.length / features;
  const { projected, beyond } = project(values, mean, basis, n, directions);
  const whitened = times(projected, whitening, directions);
  return beyond.map((square, i) => {
    let nearest = Number.POSITIVE_INFINITY;
    for (let centre = 0; centre < centres.length; centre += directions) {
      let sum = 0;
      for (let j = 0; j < directions; j++) sum += (whitened[i * directions + j]! - centres[centre + j]!) ** 2;
      nearest = Math.min(nearest, sum);
    }
    return nearest + square / variance;
  });
}

type Numbers = Float32Array | Float64Array;

function meanOf(values: Float32Array, n: number, features: number): Float64Array {
  const mean = new Float64Array(features);
  for (let i = 0; i < values.length; i++) mean[i % features]! += values[i]! / n;
  return mean;
}

/**
 * The directions in which the values vary most, nearly: [features, directions]. From pictures among them, by the power
 * of their covariance.
 *
 * @see Halko, Martinsson and Tropp 2011, "Finding Structure with Randomness", algorithm 4.4
 */
function principalDirections(values: Float32Array, mean: Float64Array, n: number, directions: number): Float64Array {
  const features = mean.length;
  let basis = new Float64Array(features * directions);
  for (let j = 0; j < directions; j++) {
    const picture = Math.floor((j * n) / directions) * features;
    for (let i = 0; i < features; i++) basis[i * directions + j] = values[picture + i]! - mean[i]!;
  }
  orthonormalise(basis, directions);
  for (let turn = 0; turn < TURNS; turn++) {
    const { projected } = project(values, mean, basis, n, directions);
    const next = new Float64Array(basis.length); // (values − mean)ᵀ · projected
    for (let p = 0; p < n; p++)
      for (let i = 0; i < features; i++) {
        const value = values[p * features + i]! - mean[i]!;
        for (let j = 0; j < directions; j++) next[i * directions + j]! += value * projected[p * directions + j]!;
      }
    basis = next;
    orthonormalise(basis, directions);
  }
  return basis;
}

/** Makes columns orthonormal, in place (Gram–Schmidt, twice: the second time mends what rounding spoilt). */
function orthonormalise(matrix: Float64Array, columns: number): void {
  const rows = matrix.length / columns;
  const at = (row: number, column: number): number => row * columns + column;
  for (let j = 0; j < columns; j++) {
    for (let again = 0; again < 2; again++)
      for (let other = 0; other < j; other++) {
        let dot = 0;
        for (let i = 0; i < rows; i++) dot += matrix[at(i, j)]! * matrix[at(i, other)]!;
        for (let i = 0; i < rows; i++) matrix[at(i, j)]! -= dot * matrix[at(i, other)]!;
      }
    let square = 0;
    for (let i = 0; i < rows; i++) square += matrix[at(i, j)]! ** 2;
    // A column that the others hold already becomes nothing.
    const scale = square > 1e-12 ? 1 / Math.sqrt(square) : 0;
    for (let i = 0; i < rows; i++) matrix[at(i, j)]! *= scale;
  }
}

/** Coordinates in the basis, [n, directions], and the squared length of what lies beyond it, [n]. */
function project(values: Float32Array, mean: Numbers, basis: Numbers, n: number, directions: number) {
  const features = mean.length;
  const projected = new Float64Array(n * directions);
  const beyond = new Float64Array(n);
  for (let p = 0; p < n; p++) {
    const to = p * directions;
    for (let i = 0; i < features; i++) {
      const value = values[p * features + i]! - mean[i]!;
      beyond[p]! += value * value;
      for (let j = 0; j < directions; j++) projected[to + j]! += value * basis[i * directions + j]!;
    }
    for (let j = 0; j < directions; j++) beyond[p]! -= projected[to + j]! ** 2;
    beyond[p] = Math.max(0, beyond[p]!);
  }
  return { projected, beyond };
}

/** The mean of each class that is there, [present, size], and the covariance around them, [size, size]. */
function withinClasses(points: Float64Array, labels: Uint8Array, size: number) {
  const present = [...new Set(labels)].sort((a, b) => a - b);
  const counts = present.map((label) => labels.reduce((sum, other) => sum + Number(other === label), 0));
  const centres = new Float64Array(present.length * size);
  const place = (i: number): number => present.indexOf(labels[i]!);
  for (const [i] of labels.entries())
    for (let j = 0; j < size; j++) centres[place(i) * size + j]! += points[i * size + j]! / counts[place(i)]!;
  const covariance = new Float64Array(size * size);
  for (const [i] of labels.entries()) {
    const off = Float64Array.from({ length: size }, (_, j) => points[i * size + j]! - centres[place(i) * size + j]!);
    for (let j = 0; j < size; j++)
      for (let k = 0; k < size; k++) covariance[j * size + k]! += (off[j]! * off[k]!) / labels.length;
  }
  return { centres, covariance };
}

/** W with Wᵀ · covariance · W = I: the inverse of Cholesky's factor, transposed. */
function whiteningOf(covariance: Float64Array, size: number): Float64Array {
  const factor = new Float64Array(size * size); // covariance = factor · factorᵀ, lower triangular
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++) {
      let sum = covariance[i * size + j]!;
      for (let k = 0; k < j; k++) sum -= factor[i * size + k]! * factor[j * size + k]!;
      factor[i * size + j] = i === j ? Math.sqrt(sum) : sum / factor[j * size + j]!;
    }
  const whitening = new Float64Array(size * size);
  for (let column = 0; column < size; column++)
    for (let i = column; i < size; i++) {
      let sum = i === column ? 1 : 0;
      for (let k = column; k < i; k++) sum -= factor[i * size + k]! * whitening[column * size + k]!;
      whitening[column * size + i] = sum / factor[i * size + i]!;
    }
  return whitening;
}

/** rows · matrix, of [n, size] and [size, size]. */
function times(rows: Numbers, matrix: Numbers, size: number): Float64Array {
  const product = new Float64Array(rows.length);
  for (let row = 0; row < rows.length; row += size)
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) product[row + j]! += rows[row + i]! * matrix[i * size + j]!;
  return product;
}
