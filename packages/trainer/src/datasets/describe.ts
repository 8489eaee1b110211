import { createHash } from "node:crypto";
import { bytesPerImage, type LabelledImages } from "./labelled-images.ts";

/** What is found in one split, or between two. */
export interface SplitDescription {
  readonly images: number;
  /** How many of each class, in the order of the labels. */
  readonly perClass: readonly number[];
  /** Pictures that are the same as an earlier one of the split. */
  readonly duplicates: number;
  /** Among those, pictures whose label differs from the earlier one's. */
  readonly contradictions: number;
  /** Pictures of one level throughout. */
  readonly constant: number;
}

/** Hash of the pixels → label, of the first picture that has them. */
type Seen = Map<string, number>;

export interface DataDescription {
  readonly splits: Readonly<Record<string, SplitDescription>>;
  /** Test pictures that are among the others, too. */
  readonly leaked: number;
}

/** Counts what a person wants to know of data before training on it. */
export function describeData(parts: Readonly<Record<string, LabelledImages>>, classes: number): DataDescription {
  const splits: Record<string, SplitDescription> = {};
  const seen: Record<string, Seen> = {};
  for (const [name, images] of Object.entries(parts)) {
    seen[name] = new Map();
    splits[name] = describeSplit(images, classes, seen[name]);
  }
  const { test = new Map(), ...others } = seen;
  const leaked = [...test.keys()].filter((hash) => Object.values(others).some((split) => split.has(hash))).length;
  return { splits, leaked };
}

function describeSplit(
  { pixels, labels, count, imageShape }: LabelledImages,
  classes: number,
  seen: Seen,
): SplitDescription {
  const size = bytesPerImage(imageShape);
  const channels = imageShape.length === 3 ? 3 : 1;
  const perClass = new Array<number>(classes).fill(0);
  let [duplicates, contradictions, constant] = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    const picture = pixels.subarray(i * size, (i + 1) * size);
    const label = labels[i]!;
    perClass[label]!++;
    if (picture.every((level, at) => level === picture[at % channels])) constant++;
    const hash = createHash("sha256").update(picture).digest("base64");
    const earlier = seen.get(hash);
    if (earlier === undefined) seen.set(hash, label);
    else {
      duplicates++;
      if (earlier !== label) contradictions++;
    }
  }
  return { images: count, perClass, duplicates, contradictions, constant };
}
