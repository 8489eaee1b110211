import type { EpochRecord, Progress } from "../training/progress.ts";
import { clock, count, percent } from "./format.ts";
import type { Paint } from "./paint.ts";

const NARROWEST_BAR = 8;
const WIDEST_BAR = 40;

/** One line that fits in `columns`: a bar as long as there is room for, then the figures, the least important last. */
export function progressLine(progress: Progress, columns: number, paint: Paint): string {
  const { epoch, epochs, step, steps, loss, accuracy, imagesPerSecond, remainingSeconds } = progress;
  const head = ` epoch ${String(epoch).padStart(String(epochs).length)}/${epochs} `;
  const figures = [
    `${String(Math.floor((100 * step) / steps)).padStart(3)} %`,
    `loss ${loss.toFixed(3)}`,
    `accuracy ${percent(accuracy)}`,
    `ETA ${clock(remainingSeconds)}`,
    `${count(imagesPerSecond)} images/s`,
  ];
  const widthWith = (shown: readonly string[]): number => head.length + shown.join("  ").length + 3;
  while (figures.length > 1 && widthWith(figures) + NARROWEST_BAR > columns) figures.pop();
  const room = Math.min(WIDEST_BAR, columns - widthWith(figures));
  return `${head}${room > 0 ? bar(step / steps, room, paint) : ""}  ${figures.join("  ")}`;
}

function bar(fraction: number, width: number, paint: Paint): string {
  const full = Math.round(fraction * width);
  return paint.enabled
    ? paint.cyan("━".repeat(full)) + paint.dim("━".repeat(width - full))
    : "━".repeat(full) + "─".repeat(width - full);
}

/** What stays of an epoch. */
export function epochLine(record: EpochRecord, epochs: number, paint: Paint): string {
  const { epoch, seconds, loss, accuracy, validationAccuracy, imagesPerSecond } = record;
  const head = ` epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}`;
  return [
    head,
    `loss ${loss.toFixed(4)}`,
    `accuracy ${percent(accuracy)}`,
    ...(validationAccuracy === undefined ? [] : [`held-out ${paint.bold(percent(validationAccuracy))}`]),
    `${count(imagesPerSecond)} images/s`,
    paint.dim(clock(seconds)),
  ].join("  ");
}
