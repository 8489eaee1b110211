import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import type { Calibration } from "../../evaluation/calibration.ts";
import type { EpochRecord } from "../../training/progress.ts";
import { count, share } from "../format.ts";
import { confusionTones } from "./confusion-tones.ts";
import { Html } from "./html.ts";

/** Legible on white and on black. */
const TRAINING = "#d97706";
const HELD_OUT = "#2f80ed";
const WRONG = "#e5484d";
/** As wide as a phone, so that its letters are not shrunk there. */
const SIZE = { width: 344, height: 230, marginLeft: 44, marginRight: 16, marginBottom: 34 } as const;

/** A plot as SVG; its text takes the colour of the page's. */
function draw(label: string, options: Plot.PlotOptions): Html {
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const style = { fontSize: "11px" };
  const svg = Plot.plot({ ...SIZE, style, ...options, ariaLabel: label, document: document as never });
  svg.setAttribute("role", "img");
  return new Html(svg.outerHTML);
}

export const lossPlot = (epochs: readonly EpochRecord[]): Html =>
  draw("Loss by epoch", {
    x: epochAxis(epochs),
    y: { label: "loss", grid: true, insetTop: 16, insetBottom: 24, ticks: 6 },
    marks: lines([
      { of: "training", stroke: TRAINING, points: epochs.map(({ epoch, loss }) => [epoch, loss]) },
      { of: "held out", stroke: HELD_OUT, points: heldOut(epochs, ({ validationLoss }) => validationLoss) },
    ]),
  });

/** Accuracies at which a line may be drawn. */
const ACCURACIES = [
  ...[0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99],
  ...[0.995, 0.998, 0.999, 0.9995, 0.9998],
];
/** Errors below this are as good as this: a logarithm needs an end. */
const LEAST_ERROR = 1e-4;
/** Of the axis, between two lines. */
const SPACING = 1 / 10;

/** How high an accuracy is drawn: by the logarithm of what is wrong, 99.5 % is as far above 99 % as that above 98 %. */
const heightOf = (accuracy: number): number => -Math.log(Math.max(LEAST_ERROR, 1 - accuracy));

export function accuracyPlot(epochs: readonly EpochRecord[]): Html {
  const training = epochs.map(({ epoch, accuracy }): Point => [epoch, heightOf(accuracy)]);
  const validation = heldOut(epochs, ({ validationAccuracy }) => validationAccuracy).map(
    ([epoch, accuracy]): Point => [epoch, heightOf(accuracy)],
  );
  const heights = [...training, ...validation].map(([, height]) => height);
  const [lowest, highest] = [Math.min(...heights), Math.max(...heights)];
  const shown = accuraciesBetween(lowest, highest);
  return draw("Accuracy by epoch", {
    x: epochAxis(epochs),
    y: {
      domain: [lowest, highest],
      insetTop: 16,
      insetBottom: 24,
      label: "accuracy, %",
      labelArrow: "up",
      grid: true,
      ticks: shown.map(heightOf),
      tickFormat: (_, i: number) => String(Number((100 * shown[i]!).toFixed(2))),
    },
    marks: lines([
      { of: "training", stroke: TRAINING, points: training },
      { of: "held out", stroke: HELD_OUT, points: validation },
    ]),
  });
}

/** Those of ACCURACIES that are in sight, as far as there is room between them, the highest first. */
function accuraciesBetween(lowest: number, highest: number): number[] {
  const room = SPACING * (highest - lowest);
  const shown: number[] = [];
  for (const accuracy of ACCURACIES.toReversed()) {
    const height = heightOf(accuracy);
    const above = shown.length === 0 ? Number.POSITIVE_INFINITY : heightOf(shown.at(-1)!);
    if (height >= lowest && height <= highest + room && above - height >= room) shown.push(accuracy);
  }
  return shown;
}

type Point = readonly [epoch: number, y: number];

/** A point for each epoch after which there were held-out pictures to look at. */
const heldOut = (epochs: readonly EpochRecord[], figure: (record: EpochRecord) => number | undefined): Point[] =>
  epochs.flatMap((record) => {
    const y = figure(record);
    return y === undefined ? [] : [[record.epoch, y]];
  });

interface Line {
  readonly of: string;
  readonly stroke: string;
  readonly points: readonly Point[];
}

/** Past this many epochs a dot each would be a thicker line. */
const MOST_DOTTED = 40;

/** Each with its name at its end, above the upper one and below the other. */
function lines(of: readonly Line[]): Plot.Markish[] {
  const endOf = ({ points }: Line): number => points.at(-1)?.[1] ?? Number.NEGATIVE_INFINITY;
  const highest = Math.max(...of.map(endOf));
  return of.flatMap((line) => {
    const { of, stroke } = line;
    const points = line.points as [number, number][];
    const dy = endOf(line) === highest ? -12 : 13;
    return [
      Plot.line(points, { stroke, strokeWidth: 2 }),
      Plot.dot(points.length > MOST_DOTTED ? points.slice(-1) : points, { fill: stroke, r: 2.5 }),
      Plot.text(points.slice(-1), { text: () => of, fill: stroke, textAnchor: "end", dx: 4, dy }),
    ];
  });
}

const epochAxis = ({ length }: readonly EpochRecord[]): Plot.ScaleOptions => wholeNumbers(1, Math.max(2, length));

/** Ticks at whole epochs only, eight of them at most. */
function wholeNumbers(first: number, last: number): Plot.ScaleOptions {
  const every = Math.max(1, Math.ceil((last - first) / 8));
  const ticks = Array.from({ length: 1 + Math.floor((last - first) / every) }, (_, i) => first + i * every);
  return { label: "epoch", ticks, tickFormat: "d", domain: [first, last] };
}

/** `rates` by the fraction of the training that is done. */
export const learningRatePlot = (rates: readonly (readonly [epoch: number, rate: number])[]): Html =>
  draw("Learning rate", {
    x: wholeNumbers(0, Math.max(1, Math.ceil(rates.at(-1)?.[0] ?? 0))),
    y: { label: "learning rate", grid: true, ticks: 6 },
    marks: [Plot.line(rates as [number, number][], { stroke: HELD_OUT, strokeWidth: 2 }), Plot.ruleY([0])],
  });

/** Bars against the diagonal of a model that is right as often as it says; where they were `before`, as outlines. */
export const calibrationPlot = ({ bins }: Calibration, before?: Calibration): Html =>
  draw("Accuracy by confidence", {
    x: { label: "confidence", domain: [0, 1], ticks: 6 },
    y: { label: "accuracy", domain: [0, 1], grid: true, ticks: 6 },
    marginTop: 26,
    marks: [
      Plot.rectY([...bins], { x1: "from", x2: "to", y: "accuracy", fill: HELD_OUT, fillOpacity: 0.6, inset: 1 }),
      ...(before === undefined
        ? []
        : [Plot.rectY([...before.bins], { x1: "from", x2: "to", y: "accuracy", stroke: TRAINING, inset: 1 })]),
      Plot.line(
        [
          [0, 0],
          [1, 1],
        ],
        { stroke: "currentColor", strokeDasharray: "4,4" },
      ),
      Plot.text([...bins], {
        x: (bin) => (bin.from + bin.to) / 2,
        y: "accuracy",
        text: ({ images }) => (images < 1000 ? String(images) : `${(images / 1000).toPrecision(2)}k`),
        dy: -7,
        fontSize: 8,
      }),
    ],
  });

/** Past this many classes the numbers would not fit their cells. */
const MOST_NUMBERED = 12;

/** A row for each true class and a column for each answer, with counts and their shares of the row. */
export function confusionPlot(confusion: readonly (readonly number[])[], labels: readonly string[]): Html {
  const tone = confusionTones(confusion);
  const cells = confusion.flatMap((row, truth) =>
    row.map((images, guess) => ({
      truth: labels[truth]!,
      guess: labels[guess]!,
      images,
      share: share(images / row.reduce((sum, n) => sum + n, 0)),
      fill: truth === guess ? HELD_OUT : WRONG,
      tone: tone(truth, guess),
    })),
  );
  const met = cells.filter(({ images }) => images > 0);
  const numbered = labels.length <= MOST_NUMBERED;
  const side = numbered ? 46 : Math.max(10, Math.round(600 / labels.length));
  const longest = Math.max(...labels.map((label) => label.length));
  const margin = Math.min(160, 20 + 7 * longest);
  return draw("Confusion: a row for each true class, a column for each answer", {
    width: margin + 20 + side * labels.length,
    height: margin + 30 + side * labels.length,
    marginLeft: margin,
    marginTop: margin + 10,
    marginBottom: 20,
    marginRight: 20,
    x: { domain: [...labels], axis: "top", label: "answer", tickRotate: longest > 4 ? -90 : 0, padding: 0 },
    y: { domain: [...labels], label: "truth", padding: 0 },
    marks: [
      Plot.cell(cells, { x: "guess", y: "truth", stroke: "currentColor", strokeOpacity: 0.15, fill: "none" }),
      Plot.cell(met, { x: "guess", y: "truth", fill: "fill", fillOpacity: "tone", inset: 0.5 }),
      ...(numbered
        ? [
            Plot.text(met, { x: "guess", y: "truth", text: ({ images }) => count(images), fontSize: 13, dy: -6 }),
            Plot.text(met, { x: "guess", y: "truth", text: "share", fontSize: 9, dy: 9 }),
          ]
        : []),
    ],
    opacity: { type: "identity" },
    color: { type: "identity" },
  });
}
