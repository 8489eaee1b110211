import type { Step } from "@glyphcast/preprocess";

/** Pictures of one size with their class each. Of digits 0 = paper, 255 = ink. */
export interface LabelledImages {
  /** Row by row, picture after picture: `[count, height, width]`, in colour `[count, height, width, 3]`. */
  readonly pixels: Uint8Array<ArrayBuffer | SharedArrayBuffer>;
  /** The class of each picture, an index into `Dataset.labels`. */
  readonly labels: Uint8Array<ArrayBuffer | SharedArrayBuffer>;
  readonly count: number;
  readonly imageShape: ImageShape;
}

export type ImageShape =
  | readonly [height: number, width: number]
  | readonly [height: number, width: number, channels: 3];

/** A picture's size in bytes. */
export function bytesPerImage(imageShape: ImageShape): number {
  const [height, width, channels = 1] = imageShape;
  return height * width * channels;
}

/** Labels are bytes. */
export const MOST_CLASSES = 256;

/** A picture that was left out, and why. */
export interface SkippedPicture {
  readonly path: string;
  readonly reason: string;
}

/** What a model is trained on and judged by. */
export interface Dataset {
  readonly name: string;
  /** What each class is called. */
  readonly labels: readonly string[];
  readonly imageShape: ImageShape;
  /** Identifies the data: over all of its files. */
  readonly sha256: string;
  /** Whose it is and what may be done with it, where that is known. */
  readonly licence?: string;
  /** What can be said for it: "checksums verified". */
  readonly note: string;
  /** How a picture from elsewhere becomes pixels like these. */
  readonly preprocess: readonly Step[];
  readonly skipped: readonly SkippedPicture[];
  readonly train: LabelledImages;
  /** Where the source itself sets pictures aside for validation. */
  readonly validation?: LabelledImages;
  /** Asked for once, at the end: nothing else in a run may look at it. */
  readonly test: () => Promise<LabelledImages>;
}

/** The pictures at `indices`, in that order, copied together. */
export function selectImages(images: LabelledImages, indices: Uint32Array): LabelledImages {
  const size = bytesPerImage(images.imageShape);
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
  const size = bytesPerImage(images.imageShape);
  return {
    ...images,
    pixels: images.pixels.subarray(0, count * size),
    labels: images.labels.subarray(0, count),
    count,
  };
}
