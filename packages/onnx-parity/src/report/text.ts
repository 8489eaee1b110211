import type { BatchReport } from "../batch/compare-batches.ts";
import { type Paint, table } from "../command/terminal.ts";
import type { OutputReport } from "../compare/output-comparison.ts";
import type { ParityReport, RuntimeReport } from "../compare-runtimes.ts";
import type { PicturesReport } from "../pictures/pictures.ts";
import type { Environment, Placement } from "../target/protocol.ts";
import { picturesHead, picturesLines } from "./pictures.ts";
import { isImageLike, psnrOf } from "./psnr.ts";

/** A report for a terminal: what ran where, a row for each output, and what is wrong in words. */
export function textOf(report: ParityReport, paint: Paint): string {
  const { model, runs, repeat, reference, runtimes, pictures, machine, version } = report;
  const times = repeat > 1 ? `, each ${repeat} times` : "";
  const head = `${model.name} (${model.bytes} bytes), ${runs} ${runs === 1 ? "input" : "inputs"}${times}, reference ${reference}\n${machineOf(machine)}, onnx-parity ${version}\n\n`;
  const where = runtimes.map((runtime) => `  ${whereOf(runtime, paint)}\n`).join("");
  const before = pictures ? `\n${picturesText(pictures, paint)}` : "";
  return `${head}${where}${before}\n${outputsTable(runtimes, paint)}${problemsOf(runtimes)}\n${verdictOf(report, paint)}\n`;
}

function whereOf(
  { runtime, status, reason, environment = {}, placement, notCompared, restarts, unsteady, seconds }: RuntimeReport,
  paint: Paint,
): string {
  const name = runtime.padEnd(14);
  if (status === "unavailable" || status === "crashed" || status === "refused")
    return `${name}  ${paint.bad(status)}: ${reason?.replaceAll("\n", "\n  ")}`;
  const notes = [
    environmentOf(environment),
    placement && placementOf(placement),
    notCompared && `has no ${notCompared.join(", ")} to compare`,
    unsteady === undefined
      ? undefined
      : unsteady === 0
        ? "repeats itself bit for bit"
        : `${unsteady} runs did not repeat`,
    restarts > 0 ? "restarted once" : undefined,
    `${seconds.toFixed(2)} s`,
  ];
  return `${name}  ${notes.filter(Boolean).join(", ")}`;
}

/** "Linux 6.1.0, x64, AMD EPYC, 2 cores" */
export const machineOf = ({ system, architecture, cpu, cores }: Environment): string =>
  [system, architecture, cpu, `${cores} ${cores === 1 ? "core" : "cores"}`].join(", ");

export const environmentOf = ({ library, runtime, threads, adapter }: Environment): string =>
  [library, runtime, adapter, `${threads} ${threads === 1 ? "thread" : "threads"}`].filter(Boolean).join(", ");

const PROVIDERS: Readonly<Record<string, string>> = {
  CPUExecutionProvider: "CPU",
  WebGpuExecutionProvider: "WebGPU",
  CUDAExecutionProvider: "CUDA",
};

/** "15 nodes on CPU", or "41 of 45 nodes on WebGPU, 4 on CPU: Cast ×2, Shape ×2". */
export function placementOf(placement: Placement): string {
  const counts = Object.entries(placement)
    .map(([provider, ops]) => ({
      provider: PROVIDERS[provider] ?? provider,
      ops,
      count: Object.values(ops).reduce((sum, n) => sum + n, 0),
    }))
    // The processor last: it takes what the others leave.
    .sort((a, b) => Number(a.provider === "CPU") - Number(b.provider === "CPU"));
  const total = counts.reduce((sum, { count }) => sum + count, 0);
  const [first, ...rest] = counts;
  if (!first) return "";
  if (rest.length === 0) return `${total} nodes on ${first.provider}`;
  const others = rest.map(({ provider, ops, count }) => `${count} on ${provider}: ${opsOf(ops)}`);
  return `${first.count} of ${total} nodes on ${first.provider}, ${others.join("; ")}`;
}

const opsOf = (ops: Readonly<Record<string, number>>): string =>
  Object.entries(ops)
    .map(([op, count]) => (count > 1 ? `${op} ×${count}` : op))
    .join(", ");

export const number = (value: number): string => (value === 0 ? "0" : value.toExponential(1));

/** A column for pictures stands where there are some. */
const headOf = (pictures: boolean): string[] => [
  ...["runtime", "output", "type", "max abs", "max rel", "ulp 0/1/2+", "cosine"],
  ...(pictures ? ["psnr"] : []),
  ...["arg-max", "verdict"],
];

function outputsTable(runtimes: readonly RuntimeReport[], paint: Paint): string {
  const pictures = runtimes.some(({ outputs }) => outputs.some(isImageLike));
  const head = headOf(pictures);
  const rows = runtimes.flatMap(({ runtime, outputs }) =>
    outputs.map((output) => [
      runtime,
      output.output,
      `${output.dtype}[${output.shape}]`,
      number(output.maxAbs),
      number(output.maxRel),
      shares(output),
      output.cosine.toFixed(6),
      ...(pictures ? [psnrOf(output)] : []),
      decisionsOf(output),
      output.agrees ? "agrees" : "DIFFERS",
    ]),
  );
  if (rows.length === 0) return "";
  const verdict = head.length - 1;
  return table([head, ...rows], pictures ? [3, 4, 5, 6, 7] : [3, 4, 5, 6], (cell, row, column) => {
    if (row === 0) return paint.dim(cell);
    if (column !== verdict) return cell;
    return cell.startsWith("agrees") ? paint.good(cell) : paint.bad(cell);
  });
}

/** A row for each output, runtime and size of batch. */
export function textOfBatches(reports: readonly BatchReport[], paint: Paint): string {
  const rows = reports.flatMap(({ runtime, status, reason, sizes }) =>
    reason !== undefined
      ? [[runtime, "", "", "", `${status}: ${reason.split("\n")[0]}`]]
      : sizes.flatMap(({ size, outputs }) =>
          outputs.map((output) => [
            runtime,
            `${size}`,
            output.output,
            number(output.maxAbs),
            output.agrees
              ? output.differing === 0
                ? "the same bits"
                : "agrees"
              : `DIFFERS: ${output.problems.join(", ")}`,
          ]),
        ),
  );
  const head = ["runtime", "batch", "output", "max abs", "verdict"];
  const where = reports
    .filter(({ reason }) => reason === undefined)
    .map(({ runtime, environment }) => `  ${runtime.padEnd(14)}  ${environmentOf(environment)}\n`);
  const counts = table([head, ...rows], [1, 3], (cell, row) => (row === 0 ? paint.dim(cell) : cell));
  return `${where.join("")}\n${counts}`;
}

function shares({ ulps, elements }: OutputReport): string {
  if (elements === 0 || ulps.every((count) => count === 0)) return "-";
  const [none = 0, one = 0, ...more] = ulps;
  const percent = (count: number): string => `${Math.round((100 * count) / elements)}`;
  return `${percent(none)}/${percent(one)}/${percent(more.reduce((sum, count) => sum + count, 0))} %`;
}

function decisionsOf({ decisions }: OutputReport): string {
  if (!decisions) return "-";
  const { rows, flips, ties, k, topKDiffers } = decisions;
  const notes = [
    flips > 0 && `${flips} flipped`,
    ties > 0 && `${ties} tied`,
    topKDiffers > 0 && `top-${k} differs ${topKDiffers}`,
  ].filter(Boolean);
  return `${rows - flips - ties}/${rows}${notes.length > 0 ? `, ${notes.join(", ")}` : ""}`;
}

function problemsOf(runtimes: readonly RuntimeReport[]): string {
  const lines = runtimes.flatMap(({ runtime, outputs }) =>
    outputs
      .filter((output) => !output.agrees)
      .flatMap((output) => [`${runtime} "${output.output}":`, ...detailsOf(output)]),
  );
  return lines.length === 0 ? "" : `\n${lines.map((line) => `  ${line}\n`).join("")}`;
}

/** What is wrong with an output, where most, and what would have passed. */
export function detailsOf({ problems, worst, tolerance, needed }: OutputReport): string[] {
  return [
    ...problems.map((problem) => `  ${problem}`),
    ...(worst
      ? [`  worst at [${worst.index.join(", ")}] of run ${worst.run}: ${worst.actual}, expected ${worst.expected}`]
      : []),
    ...(needed
      ? [
          `  allowed: ${number(tolerance.atol)} absolute or ${number(tolerance.rtol)} of the output's scale;` +
            ` --atol ${needed.atol} or --rtol ${needed.rtol} would pass`,
        ]
      : []),
  ];
}

function picturesText(pictures: PicturesReport, paint: Paint): string {
  const head = picturesHead(pictures);
  const lines = picturesLines(pictures).map((line) => `    ${line}\n`);
  return `  ${pictures.agrees ? head : paint.bad(head)}\n${lines.join("")}`;
}

function verdictOf({ agrees, runtimes, pictures }: ParityReport, paint: Paint): string {
  const labels = (...statuses: string[]): string =>
    runtimes
      .filter(({ status }) => statuses.includes(status))
      .map(({ runtime }) => runtime)
      .join(", ");
  const [same, other, failed, missing] = [
    labels("agrees"),
    labels("differs"),
    labels("crashed", "refused"),
    [labels("unavailable"), pictures?.unavailable !== undefined && "decoding in a browser"].filter(Boolean).join(", "),
  ];
  const parts = [
    pictures?.agrees === false && "pictures differ before the model",
    same && `agree: ${same}`,
    other && `differ: ${other}`,
    failed && `could not run: ${failed}`,
    missing && `not available: ${missing}`,
  ].filter(Boolean);
  const text = parts.join("; ") || (agrees ? "it repeats itself" : "nothing was compared");
  return agrees ? paint.good(text) : paint.bad(text);
}
