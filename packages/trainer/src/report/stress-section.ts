import sharp from "sharp";
import type { LabelledImages } from "../datasets/labelled-images.ts";
import { corrupted, corruptionNames } from "../evaluation/stress/corruptions.ts";
import { placed } from "../evaluation/stress/placement.ts";
import { pictureAt, type StressResult } from "../evaluation/stress/stress-test.ts";
import { type Picture, pictureOf } from "./picture.ts";

/** What a report shows of a stress test: its figures, and one test picture as it was put to the model. */
export interface StressSection extends StressResult {
  readonly samples: readonly { readonly name: string; readonly picture: Picture }[];
}

/** Of the test pictures. */
const SAMPLE = 0;
/** Pixels that a whole canvas is shown in. */
const CANVAS = { width: 112, height: 84 };

export async function stressSection(result: StressResult, test: LabelledImages): Promise<StressSection> {
  const picture = pictureAt(test, SAMPLE);
  const samples = [{ name: "as it is", picture: await pictureOf(picture.data.slice(), test.imageShape) }];
  for (const name of corruptionNames)
    samples.push({ name, picture: await pictureOf(corrupted(name, picture, SAMPLE).data, test.imageShape) });
  if (result.placement !== undefined) {
    const { width, height, data } = placed(picture, SAMPLE);
    const canvas = sharp(data, { raw: { width, height, channels: 4 } }).resize({ ...CANVAS, fit: "inside" });
    const { data: small, info } = await canvas.removeAlpha().raw().toBuffer({ resolveWithObject: true });
    samples.push({ name: "drawn on a canvas", picture: await pictureOf(small, [info.height, info.width, 3]) });
  }
  return { ...result, samples };
}
