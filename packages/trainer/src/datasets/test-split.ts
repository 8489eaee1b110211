import { type LabelledImages, selectImages } from "./labelled-images.ts";
import { stratifiedSplit } from "./split.ts";

/** One picture in six, of data that comes without test pictures. */
const SHARE = 1 / 6;
/** Not the run's seed: whatever the seed, the same pictures are kept for the end. */
const SEED = 0x74657374;

/** Sets test pictures aside, class by class: always the same ones of the same data. */
export function setTestAside(images: LabelledImages): {
  readonly train: LabelledImages;
  readonly test: LabelledImages;
} {
  const { train, validation } = stratifiedSplit(images.labels, Math.max(1, Math.round(images.count * SHARE)), SEED);
  return { train: selectImages(images, train), test: selectImages(images, validation) };
}
