import type { StressResult } from "../evaluation/stress/stress-test.ts";
import { columns, count, percent } from "./format.ts";
import type { Paint } from "./paint.ts";

/** A table of how a model does on pictures unlike those it was trained on. */
export function stressText({ images, ...result }: StressResult, paint: Paint): string[] {
  const { unchanged, corruptions, meanAccuracy, placement, enlargement } = result;
  const rows: [string, string, string][] = [
    ["as they are", percent(unchanged.accuracy), count(unchanged.errors)],
    ...corruptions.map(({ name, accuracy, errors }): [string, string, string] => [
      name,
      percent(accuracy),
      count(errors),
    ]),
    ["mean of these", percent(meanAccuracy), ""],
  ];
  if (placement) rows.push(["drawn on a canvas", percent(placement.accuracy), count(placement.errors)]);
  if (enlargement)
    rows.push(["enlarged, same answer", percent(enlargement.agreement), count(enlargement.disagreements)]);
  const [head, ...lines] = columns([["test pictures", "read right", "errors"], ...rows], [false, true, true]);
  return [
    ` Stress test, ${count(images)} pictures each`,
    "",
    ` ${paint.bold(head!)}`,
    ...lines.map((line) => ` ${line}`),
  ];
}
