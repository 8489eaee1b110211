/**
 * How features lie: a Gaussian for each class, all of one covariance, which is held in full in the `directions` of
 * greatest variance and as one variance in the others.
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
  /** One over the standard deviation of each feature within the classes, so that layers of all sizes count: [features]. */
  readonly scale: Float32Array;
  /** Orthonormal columns, of scaled features: [features, directions]. */
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
/** A tenth of the pictures is the most directions that can be told; fewer than this tell nothing. */
const FEWEST_PICTURES = 100;
/** Turns of the power iteration: what is left out varies little, however it is turned. */
const TURNS = 4;
const BEYOND_REACH = 0.01;
/** Of the mean standard deviation: a feature that hardly varied in training is not all that counts. */
const LEAST_SPREAD = 0.01;

/** Fits to features, [n, features], and their labels; undefined where there is too little of either. */
export function fitGaussians(values: Float32Array, labels: Uint8Array): Gaussians | undefined {
  const n = labels.length;
  const features = n === 0 ? 0 : values.length / n;
  if (n < FEWEST_PICTURES || features < 2) return undefined;
  const mean = meanOf(values, n, features);
  const spread = spreadWithin(values, labels, features);
  const least = (LEAST_SPREAD * spread.reduce((sum, s) => sum + s, 0)) / features;
  if (!(least > 0)) return undefined; // features that never vary say nothing
  const scale = spread.map((s) => 1 / Math.max(s, least));
  const scaled = standardised(values, mean, scale);

  const directions = Math.min(DIRECTIONS, features - 1, Math.floor(n / 10));
  const basis = principalDirections(scaled, n, directions);
  const { projected, beyond } = project(scaled, basis, n, directions);
  const variance = Math.max(1e-6, beyond.reduce((sum, square) => sum + square, 0) / (n * (features - directions)));
  const { centres, covariance } = withinClasses(projected, labels, directions);
  const whitening = whiteningOf(shrunk(covariance, directions, n), directions);
  const gaussians = {
    features,
    directions,
    mean: Float32Array.from(mean),
    scale: Float32Array.from(scale),
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
  const { features, directions, mean, scale, basis, whitening, centres, variance } = gaussians;
  const n = values.length / features;
  const { projected, beyond } = project(standardised(values, mean, scale), basis, n, directions);
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

/** The standard deviation of each feature around the mean of its class: [features]. */
function spreadWithin(values: Float32Array, labels: Uint8Array, features: number): Float64Array {
  const classes = Math.max(...labels) + 1;
  const counts = new Float64Array(classes);
  for (const label of labels) counts[label]!++;
  const means = new Float64Array(classes * features);
  for (const [p, label] of labels.entries())
    for (let i = 0; i < features; i++) means[label * features + i]! += values[p * features + i]! / counts[label]!;
  const squares = new Float64Array(features);
  for (const [p, label] of labels.entries())
    for (let i = 0; i < features; i++) squares[i]! += (values[p * features + i]! - means[label * features + i]!) ** 2;
  return squares.map((square) => Math.sqrt(square / labels.length));
}

const standardised = (values: Float32Array, mean: Numbers, scale: Numbers): Float32Array =>
  values.map((value, i) => (value - mean[i % mean.length]!) * scale[i % mean.length]!);

/**
 * The directions in which the values vary most, nearly: [features, directions]. From pictures among them, by the power
 * of their covariance.
 *
 * @see Halko, Martinsson and Tropp 2011, "Finding Structure with Randomness", algorithm 4.4
 */
function principalDirections(values: Float32Array, n: number, directions: number): Float64Array {
  const features = values.length / n;
  let basis = new Float64Array(features * directions);
  for (let j = 0; j < directions; j++) {
    const picture = Math.floor((j * n) / directions) * features;
    for (let i = 0; i < features; i++) basis[i * directions + j] = values[picture + i]!;
  }
  orthonormalise(basis, directions);
  for (let turn = 0; turn < TURNS; turn++) {
    const { projected } = project(values, basis, n, directions);
    const next = new Float64Array(basis.length); // valuesᵀ · projected
    for (let p = 0; p < n; p++)
      for (let i = 0; i < features; i++) {
        const value = values[p * features + i]!;
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
function project(values: Float32Array, basis: Numbers, n: number, directions: number) {
  const features = values.length / n;
  const projected = new Float64Array(n * directions);
  const beyond = new Float64Array(n);
  for (let p = 0; p < n; p++) {
    const to = p * directions;
    for (let i = 0; i < features; i++) {
      const value = values[p * features + i]!;
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

/** Towards a round one, as if `size` more pictures were of it. */
function shrunk(covariance: Float64Array, size: number, n: number): Float64Array {
  const isDiagonal = (i: number): boolean => i % (size + 1) === 0;
  const meanVariance = covariance.reduce((sum, value, i) => (isDiagonal(i) ? sum + value : sum), 0) / size;
  const share = size / (n + size);
  const round = Math.max(1e-6, share * meanVariance);
  return covariance.map((value, i) => (1 - share) * value + (isDiagonal(i) ? round : 0));
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
