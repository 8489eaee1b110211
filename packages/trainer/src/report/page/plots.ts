import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import type { Calibration } from "../../evaluation/calibration.ts";
import type { EpochRecord } from "../../training/progress.ts";
import { Html } from "./html.ts";

/** Legible on white and on black. */
const TRAINING = "#d97706";
const HELD_OUT = "#2f80ed";
const SIZE = { width: 440, height: 260, marginLeft: 48, marginRight: 20 } as const;

/** A plot as SVG; its text takes the colour of the page's. */
function draw(label: string, options: Plot.PlotOptions): Html {
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const svg = Plot.plot({ ...SIZE, ...options, ariaLabel: label, document: document as never });
  svg.setAttribute("role", "img");
  return new Html(svg.outerHTML);
}

export const lossPlot = (epochs: readonly EpochRecord[]): Html =>
  draw("Loss by epoch", {
    x: epochAxis(epochs),
    y: { label: "loss", grid: true, nice: true },
    marks: [
      ...line(epochs.map(({ epoch, loss }) => ({ epoch, y: loss, of: "training" }))),
      ...line(epochs.map(({ epoch, validationLoss }) => ({ epoch, y: validationLoss, of: "held out" }))),
    ],
  });

export const accuracyPlot = (epochs: readonly EpochRecord[]): Html =>
  draw("Accuracy by epoch", {
    x: epochAxis(epochs),
    y: { label: "accuracy, %", grid: true, nice: true },
    color: { domain: ["training", "held out"], range: [TRAINING, HELD_OUT] },
    marks: [
      ...line(epochs.map(({ epoch, accuracy }) => ({ epoch, y: 100 * accuracy, of: "training" }))),
      ...line(epochs.map(({ epoch, validationAccuracy }) => ({ epoch, y: 100 * validationAccuracy, of: "held out" }))),
    ],
  });

type Point = { readonly epoch: number; readonly y: number; readonly of: string };

function line(points: readonly Point[]): Plot.Markish[] {
  const of = points[0]?.of;
  const stroke = of === "held out" ? HELD_OUT : TRAINING;
  const channels = { x: "epoch", y: "y" } as const;
  return [
    Plot.line([...points], { ...channels, stroke, strokeWidth: 2 }),
    Plot.dot([...points], { ...channels, fill: stroke, r: 3 }),
    Plot.text(points.slice(-1), { ...channels, text: "of", fill: stroke, dy: of === "held out" ? -12 : 14, dx: -24 }),
  ];
}

/** Ticks at whole epochs only, ten of them at most. */
function epochAxis({ length }: readonly EpochRecord[]): Plot.ScaleOptions {
  const every = Math.max(1, Math.ceil(length / 10));
  const ticks = Array.from({ length: Math.ceil(length / every) }, (_, i) => 1 + i * every);
  return { label: "epoch", ticks, tickFormat: "d", domain: [1, Math.max(2, length)] };
}

/** `rates` by the fraction of the training that is done. */
export const learningRatePlot = (rates: readonly (readonly [epoch: number, rate: number])[]): Html =>
  draw("Learning rate", {
    x: { label: "epoch" },
    y: { label: "learning rate", grid: true },
    marks: [Plot.line(rates as [number, number][], { stroke: HELD_OUT, strokeWidth: 2 }), Plot.ruleY([0])],
  });

/** Bars against the diagonal of a model that is right as often as it says. */
export const calibrationPlot = ({ bins }: Calibration): Html =>
  draw("Accuracy by confidence", {
    x: { label: "confidence", domain: [0, 1] },
    y: { label: "accuracy", domain: [0, 1], grid: true },
    marks: [
      Plot.rectY([...bins], { x1: "from", x2: "to", y: "accuracy", fill: HELD_OUT, fillOpacity: 0.6, inset: 1 }),
      Plot.line(
        [
          [0, 0],
          [1, 1],
        ],
        { stroke: "currentColor", strokeDasharray: "4,4" },
      ),
      Plot.text([...bins], { x: (bin) => (bin.from + bin.to) / 2, y: "accuracy", text: "images", dy: -8, fontSize: 9 }),
    ],
  });
