import type { Misread } from "../evaluation/judge.ts";
import type { Parity } from "../evaluation/parity.ts";
import { bytes, columns, count, percent, plural } from "./format.ts";
import type { Paint } from "./paint.ts";
import type { Summary } from "./summary.ts";
import { PAGE } from "./write-report.ts";

/** A file of the run, and what it is. */
export interface ListedFile {
  readonly path: string;
  readonly bytes: number;
  readonly describe: string;
}

export interface SummaryExtras {
  /** The run's folder, as one would type it. */
  readonly run: string;
  readonly files: readonly ListedFile[];
  readonly misread: readonly Misread[];
  /** A picture of those of `misread` that are shown, as lines; empty where it cannot be drawn. */
  readonly gallery: readonly string[];
  /** Where the model was published, if it was. */
  readonly published: string | undefined;
  readonly next: readonly (readonly [command: string, why: string])[];
}

/** The end of a run, for a person: how good, how sure, where it is, what to type next. */
export function summaryText(summary: Summary, extras: SummaryExtras, paint: Paint): string[] {
  const { testAccuracy, testErrors, testImages } = summary;
  const headline = `${percent(testAccuracy)} of ${count(testImages)} test pictures read right`;
  return [
    "",
    ` ${paint.bold(paint.green(headline))}, ${plural(testErrors, "error")}`,
    ...mostOften(extras.misread, paint),
    ...underStress(summary, paint),
    ...extras.gallery,
    "",
    ...indent(calibrationText(summary, paint)),
    "",
    ...indent(parityTable(summary.parity, paint)),
    "",
    ` ${paint.bold("Report")} ${paint.cyan(`${extras.run}/${PAGE}`)}`,
    "",
    ` ${paint.bold("Files")} in ${paint.cyan(extras.run)}`,
    ...indent(
      columns(
        extras.files.map((file) => [file.path, bytes(file.bytes), paint.dim(file.describe)]),
        [false, true],
      ),
    ),
    ...(extras.published === undefined ? [] : [` Published as ${paint.cyan(extras.published)}`]),
    "",
    ` ${paint.bold("Next")}`,
    ...indent(columns(extras.next.map(([command, why]) => [paint.cyan(command), paint.dim(why)]))),
    "",
  ];
}

const indent = (lines: readonly string[]): string[] => lines.map((line) => ` ${line}`);

/** How far probabilities can be believed, and what is not answered. */
export function calibrationText({ calibration, ece, rejected, strangers = [] }: Summary, paint: Paint): string[] {
  if (calibration === undefined)
    return [
      `${paint.bold("Not calibrated")}: expected calibration error ${percent(ece.after)}, and no answer is rejected.`,
      paint.dim("No pictures were held out; --calibration RUN takes both from a run that did."),
    ];
  const { temperature, reject, from } = calibration;
  const off = `expected calibration error ${percent(ece.before)}, now ${percent(ece.after)}`;
  return [
    `${paint.bold("Calibrated")} on ${from}: temperature ${temperature.toFixed(3)}, ${off}`,
    `${paint.bold("Rejected")} below a confidence of ${reject.threshold.toFixed(3)}: ${percent(rejected)} of the test pictures`,
    ...(strangers.length === 0 || reject.threshold === 0
      ? []
      : [
          paint.dim(
            `and of drawings of nothing: ${strangers.map(({ of, rejected }) => `${of} ${percent(rejected, 1)}`).join(", ")}`,
          ),
        ]),
  ];
}

/** The three commonest mistakes, when any was made twice. */
function mostOften(misread: readonly Misread[], paint: Paint): string[] {
  const times = new Map<string, number>();
  for (const { truth, guess } of misread) {
    const mistake = `${truth} as ${guess}`;
    times.set(mistake, (times.get(mistake) ?? 0) + 1);
  }
  const commonest = [...times].sort(([, a], [, b]) => b - a).filter(([, n]) => n > 1);
  if (commonest.length === 0) return [];
  const shown = commonest.slice(0, 3).map(([mistake, n]) => `${mistake} (${n}×)`);
  return [paint.dim(` most often ${shown.join(", ")}`)];
}

function underStress({ stress }: Summary, paint: Paint): string[] {
  if (stress === undefined) return [];
  const { corruptions, meanAccuracy, placement } = stress;
  const damaged = `${percent(meanAccuracy)} where damaged in ${corruptions.length} ways`;
  return [paint.dim(` ${damaged}${placement ? `, ${percent(placement.accuracy)} drawn on a canvas` : ""}`)];
}

/** What each runtime says of the same pictures, against the first. */
export function parityTable(parities: readonly Parity[], paint: Paint): string[] {
  const [head, ...rows] = columns(
    [
      ["Same answer everywhere", "pictures", "largest difference", "other answers"],
      ...parities.map(({ runtime, images, maxAbsDiff, argmaxDisagreements }, i) => [
        runtime,
        count(images),
        i === 0 ? "reference" : maxAbsDiff.toExponential(1),
        i === 0 ? "" : count(argmaxDisagreements),
      ]),
    ],
    [false, true, true, true],
  );
  return [paint.bold(head!), ...rows];
}
