// A process that draws letters on what fonts its system has: for plot-files.test.ts.
import { confusionPlot } from "./page/plots.ts";
import { pngFromPlot } from "./png-from-plot.ts";

process.stdout.write((await pngFromPlot(confusionPlot([[1]], ["letters"]))).toString("base64"));
