/** Pictures of one size with their class each: 0 = paper, 255 = ink. */
export interface LabelledImages {
  /** Row by row, picture after picture: `[count, height, width]`. */
  readonly pixels: Uint8Array<ArrayBuffer | SharedArrayBuffer>;
  /** The class of each picture, an index into `Dataset.labels`. */
  readonly labels: Uint8Array<ArrayBuffer | SharedArrayBuffer>;
  readonly count: number;
  readonly imageShape: ImageShape;
}

export type ImageShape = readonly [height: number, width: number];

/** What a model is trained on and judged by. */
export interface Dataset {
  readonly name: string;
  /** What each class is called. */
  readonly labels: readonly string[];
  readonly imageShape: ImageShape;
  /** Identifies the data: over all of its files. */
  readonly sha256: string;
  readonly train: LabelledImages;
  /** Asked for once, at the end: nothing else in a run may look at it. */
  readonly test: () => Promise<LabelledImages>;
}

/** The pictures at `indices`, in that order, copied together. */
export function selectImages(images: LabelledImages, indices: Uint32Array): LabelledImages {
  const size = images.imageShape[0] * images.imageShape[1];
  const pixels = new Uint8Array(new SharedArrayBuffer(indices.length * size));
  const labels = new Uint8Array(new SharedArrayBuffer(indices.length));
  for (const [to, from] of indices.entries()) {
    pixels.set(images.pixels.subarray(from * size, (from + 1) * size), to * size);
    labels[to] = images.labels[from]!;
  }
  return { pixels, labels, count: indices.length, imageShape: images.imageShape };
}

/** The first `count` pictures, or all where there are not as many; nothing is copied. */
export function firstImages(images: LabelledImages, count: number): LabelledImages {
  if (count >= images.count) return images;
  const size = images.imageShape[0] * images.imageShape[1];
  return {
    ...images,
    pixels: images.pixels.subarray(0, count * size),
    labels: images.labels.subarray(0, count),
    count,
  };
}
