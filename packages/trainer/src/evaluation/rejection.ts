import type { ImageShape, LabelledImages } from "../datasets/labelled-images.ts";
import { auroc } from "./auroc.ts";
import { drawStrangers, STRANGERS } from "./strangers.ts";

/** What becomes of pictures that are of no class. */
export interface Rejection {
  /** What they are. */
  readonly of: string;
  readonly images: number;
  /** The fraction whose confidence is below the threshold. */
  readonly rejected: number;
  /** How often a test picture is surer than one of these. */
  readonly auroc: number;
}

/** Gives the confidence of each of so many pictures. */
export type Confidence = (images: LabelledImages) => Promise<Float32Array>;

export interface Rejecting {
  readonly confidence: Confidence;
  /** Of the test pictures. */
  readonly known: Float32Array;
  readonly threshold: number;
}

/** What becomes of `images`, none of which is of a class of the model's. */
export async function rejectionOf(
  of: string,
  images: LabelledImages,
  { confidence, known, threshold }: Rejecting,
): Promise<Rejection> {
  const strange = await confidence(images);
  return { of, images: images.count, rejected: rejectedShare(strange, threshold), auroc: auroc(known, strange) };
}

export const rejectedShare = (confidence: Float32Array, threshold: number): number =>
  confidence.filter((sure) => sure < threshold).length / confidence.length;

/** Of each kind but the blank one, of which one picture is as good as many. */
const DRAWN = 250;

/** The drawn strangers' fates, kind by kind; none where pictures are in colour. */
export async function rejectionOfDrawn(imageShape: ImageShape, rejecting: Rejecting): Promise<Rejection[]> {
  const [height, width, channels] = imageShape;
  if (channels !== undefined) return [];
  const results: Rejection[] = [];
  for (const kind of STRANGERS) {
    const count = kind === "blank" ? 1 : DRAWN;
    const pixels = drawStrangers(kind, count, [height, width]);
    results.push(await rejectionOf(kind, { pixels, labels: new Uint8Array(count), count, imageShape }, rejecting));
  }
  return results;
}
