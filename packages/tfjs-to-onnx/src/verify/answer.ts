/** A tensor as either runtime gives it: elements in row-major order. */
export interface Answer {
  readonly shape: readonly number[];
  readonly data: Elements;
}

export type Elements = Float32Array | Int32Array | Uint8Array;

/** A value whose axes are permuted: axis `i` of the result is axis `perm[i]` of the value. */
export function permuted({ shape, data }: Answer, perm: readonly number[]): Answer {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((size, dim) => size * dim, 1));
  const target = perm.map((axis) => shape[axis]!);
  const result = data.slice();
  const index = target.map(() => 0);
  for (let i = 0, offset = 0; i < result.length; i++) {
    result[i] = data[offset]!;
    for (let axis = target.length - 1; axis >= 0; axis--) {
      const stride = strides[perm[axis]!]!;
      offset += stride;
      if (++index[axis]! < target[axis]!) break;
      offset -= stride * target[axis]!;
      index[axis] = 0;
    }
  }
  return { shape: target, data: result };
}

/** Softmax over the last axis of what is divided by the temperature. */
export function softmax({ shape, data }: Answer, temperature = 1): Answer {
  const width = shape.at(-1) ?? 1;
  const result = new Float32Array(data.length);
  for (let row = 0; row < data.length; row += width) {
    const logits = Array.from(data.subarray(row, row + width), (value) => value / temperature);
    const largest = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const exps = logits.map((value) => Math.exp(value - largest));
    const sum = exps.reduce((a, b) => a + b, 0);
    result.set(
      exps.map((value) => value / sum),
      row,
    );
  }
  return { shape, data: result };
}
