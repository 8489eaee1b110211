import type { LabelledImages } from "../datasets/labelled-images.ts";
import type { Misread } from "../evaluation/judge.ts";
import { thumbnails, thumbnailWidth } from "./thumbnails.ts";

const GAP = "  ";
const MOST = 5;

/** The misread pictures that the model was surest of, side by side with what it took them for, as wide as there is room. */
export function gallery(images: LabelledImages, misread: readonly Misread[], columns: number): string[] {
  const width = thumbnailWidth(images);
  const room = Math.floor((columns - 1 + GAP.length) / (width + GAP.length));
  const shown = [...misread].sort((a, b) => b.probability - a.probability).slice(0, Math.min(MOST, room));
  if (shown.length === 0) return [];
  const captions = shown.map(({ truth, guess }) => `${truth} read as ${guess}`.padEnd(width));
  const pictures = thumbnails(
    images,
    shown.map(({ index }) => index),
    GAP,
  );
  return ["", ...pictures.map((line) => ` ${line}`), ` ${captions.join(GAP)}`.trimEnd()];
}
