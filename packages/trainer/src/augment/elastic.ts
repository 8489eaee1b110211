import type { ImageShape } from "../datasets/labelled-images.ts";
import type { Random } from "../random.ts";

/** How a picture is bent, as if drawn on rubber. */
export interface ElasticRanges {
  /** Pixels between the points that are pulled: the smaller, the finer the waves. */
  readonly spacing: number;
  /** Pixels: how far a point is pulled along x and y, at most. What is between follows at about half of that. */
  readonly pull: number;
}

/** Where each pixel's source moves to besides, row by row, in units of 2⁻¹⁶ pixels. */
export interface DisplacementField {
  readonly x: Int32Array;
  readonly y: Int32Array;
}

/** No displacement anywhere. */
export const still = ([height, width]: ImageShape): DisplacementField => ({
  x: new Int32Array(height * width),
  y: new Int32Array(height * width),
});

/**
 * A function that draws smooth displacements for pictures of this size: points on a grid are pulled at random, and a
 * cubic B-spline carries the pull to the pixels between. What it returns is valid until it is called again.
 *
 * @see Simard, Steinkraus, Platt 2003, "Best Practices for Convolutional Neural Networks", §2, who smooth noise for it
 */
export function elasticField(
  { spacing, pull }: ElasticRanges,
  imageShape: ImageShape,
): (random: Random) => DisplacementField {
  const [height, width] = imageShape;
  const across = splineWeights(width, spacing);
  const down = splineWeights(height, spacing);
  const nodes = new Float64Array(down.nodes * across.nodes);
  const rows = new Float64Array(down.nodes * width);
  const field = still(imageShape);

  const draw = (displacement: Int32Array, random: Random): void => {
    for (let i = 0; i < nodes.length; i++) nodes[i] = (2 * random() - 1) * pull * 65_536;
    for (let node = 0; node < down.nodes; node++)
      for (let x = 0; x < width; x++) {
        const from = node * across.nodes + across.first[x]!;
        rows[node * width + x] =
          across.weights[4 * x]! * nodes[from]! +
          across.weights[4 * x + 1]! * nodes[from + 1]! +
          across.weights[4 * x + 2]! * nodes[from + 2]! +
          across.weights[4 * x + 3]! * nodes[from + 3]!;
      }
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const from = down.first[y]! * width + x;
        displacement[y * width + x] = Math.round(
          down.weights[4 * y]! * rows[from]! +
            down.weights[4 * y + 1]! * rows[from + width]! +
            down.weights[4 * y + 2]! * rows[from + 2 * width]! +
            down.weights[4 * y + 3]! * rows[from + 3 * width]!,
        );
      }
  };
  return (random) => {
    draw(field.x, random);
    draw(field.y, random);
    return field;
  };
}

/** For each of `size` pixels the first of the four nodes that it depends on, and their weights, which sum to 1. */
function splineWeights(
  size: number,
  spacing: number,
): { readonly nodes: number; readonly first: Uint16Array; readonly weights: Float64Array } {
  const first = new Uint16Array(size);
  const weights = new Float64Array(4 * size);
  for (let i = 0; i < size; i++) {
    const at = i / spacing;
    first[i] = Math.floor(at);
    const t = at - Math.floor(at);
    weights.set([(1 - t) ** 3, 3 * t ** 3 - 6 * t ** 2 + 4, -3 * t ** 3 + 3 * t ** 2 + 3 * t + 1, t ** 3], 4 * i);
  }
  return { nodes: first[size - 1]! + 4, first, weights: weights.map((weight) => weight / 6) };
}
