import type { Paint } from "../terminal.ts";
import type { Diagnosis } from "./debug.ts";
import type { Row, Verification } from "./verify.ts";

/** The comparison as a table, a line for each output of each run. */
export function reportOf(verification: Verification, paint: Paint): string {
  const { reference, runtime, tolerance, seed, rows, milliseconds, verdict, diagnosis } = verification;
  const took = milliseconds.tfjs + milliseconds.onnxruntime;
  const table = [
    ["output", "shape", "max abs", "max rel", "verdict"],
    ...rows.map((row) => [
      row.output,
      row.shape.join("×") || "scalar",
      small(row.maxAbs),
      small(row.maxRel),
      row.verdict,
    ]),
  ];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((line) => line[column]!.length)));
  const lines = table.map((line, i) => {
    const cells = line.map((cell, column) =>
      column === 2 || column === 3 ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
    );
    const row = rows[i - 1];
    if (!row) return paint.dim(cells.join("  ").trimEnd());
    const note = row.note ? `  ${row.note}` : "";
    return `${cells.slice(0, 4).join("  ")}  ${row.verdict === "same" ? paint.good("same") : paint.bad("DIFFERS")}${note}`;
  });
  const head = `${reference} and ${runtime} on the same inputs (seed ${seed}), ${took < 1000 ? `${took} ms` : `${(took / 1000).toFixed(1)} s`}`;
  const unsteady = rows.some(({ sensitivity }) => sensitivity !== undefined) ? ", or of what rounding makes of it" : "";
  const foot =
    verdict === "same"
      ? `${paint.good("verified")}: every output within ${small(tolerance)} of its scale${unsteady}`
      : `${paint.bad("rejected")}: ${worst(rows)} is more than ${small(tolerance)} of the output's scale apart`;
  return `${[head, ...lines.map((line) => `  ${line}`), foot, ...explain(diagnosis)].join("\n")}\n`;
}

function worst(rows: readonly Row[]): string {
  const row = rows.reduce((a, b) => (b.maxRel > a.maxRel ? b : a));
  return `"${row.output}" at ${small(row.maxRel)}`;
}

function explain(diagnosis: Diagnosis | undefined): string[] {
  if (!diagnosis) return [];
  const { first, compared, note } = diagnosis;
  if (first)
    return [
      `first to differ of ${compared}: "${first.output}" [${first.shape.join(", ")}], max abs ${small(first.maxAbs)}, max rel ${small(first.maxRel)}`,
    ];
  return [compared > 0 ? `of ${compared} layers or ops ${note}` : `nothing to look for: ${note}`];
}

/** `3.1e-7`, and plain zero where nothing differs at all. */
const small = (value: number): string => (value === 0 ? "0" : value.toExponential(1).replace(".0e", "e"));
