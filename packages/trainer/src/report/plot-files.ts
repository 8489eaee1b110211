import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import type { Html } from "./page/html.ts";
import { accuracyPlot, calibrationPlot, confusionPlot, learningRatePlot, lossPlot } from "./page/plots.ts";
import type { Picture } from "./picture.ts";
import { pngFromPlot } from "./png-from-plot.ts";
import type { RunReport } from "./run-report.ts";

/** The folder's name in a run's. */
export const PLOTS = "plots";

/** The plots of a report, by the name of their file. */
const PLOT_OF: Readonly<Record<string, (report: RunReport) => Html>> = {
  accuracy: ({ epochs }) => accuracyPlot(epochs),
  loss: ({ epochs }) => lossPlot(epochs),
  "learning-rate": ({ learningRates }) => learningRatePlot(learningRates),
  confusion: ({ confusion, labels }) => confusionPlot(confusion, labels),
  calibration: ({ calibration, uncalibrated }) => calibrationPlot(calibration, uncalibrated),
};

/** Pictures that are enlarged in whole blocks to about so many pixels a side. */
const PICTURE_OF: Readonly<Record<string, (report: RunReport) => Picture | undefined>> = {
  augmentation: ({ augmented }) => augmented,
  filters: ({ filters }) => filters,
};
const PICTURE_SIDE = 1200;

/** Writes each plot of a report as `plots/<name>.png` into a run's folder. */
export async function writePlots(folder: string, report: RunReport): Promise<void> {
  const plots = join(folder, PLOTS);
  await mkdir(plots, { recursive: true });
  for (const [name, plot] of Object.entries(PLOT_OF))
    await writeFile(join(plots, `${name}.png`), await pngFromPlot(plot(report)));
  for (const [name, picture] of Object.entries(PICTURE_OF)) {
    const shown = picture(report);
    if (shown !== undefined) await writeFile(join(plots, `${name}.png`), await enlarged(shown));
  }
}

function enlarged({ src, width, height }: Picture): Promise<Buffer> {
  const times = Math.max(1, Math.floor(PICTURE_SIDE / Math.max(width, height)));
  return sharp(Buffer.from(src.slice(src.indexOf(",") + 1), "base64"))
    .resize(width * times, height * times, { kernel: "nearest" })
    .png()
    .toBuffer();
}
