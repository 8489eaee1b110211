import { load } from "@glyphcast/runtime-node";
import type { LabelledImages } from "../../datasets/labelled-images.ts";
import { type StressOptions, type StressResult, stressTest } from "./stress-test.ts";

/** Stress-tests the model of a folder on the CPU, as a service would run it: by its manifest's preprocessing. */
export async function stressModel(
  folder: string,
  test: LabelledImages,
  options: Pick<StressOptions, "check" | "onProgress">,
): Promise<StressResult> {
  const model = await load(folder, { device: "cpu", worker: false });
  try {
    return await stressTest(test, { ...options, ...howItReads(model) });
  } finally {
    await model.dispose();
  }
}

/** What a stress test needs to know of a loaded model. */
export const howItReads = (model: Awaited<ReturnType<typeof load>>): Pick<StressOptions, "read" | "steps"> => ({
  read: async (pixels, count) => (await model.run(pixels, count)).probabilities,
  steps: model.manifest.preprocess,
});
