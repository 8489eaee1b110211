import process from "node:process";

/** Where a command writes. */
export interface Output {
  write(text: string): unknown;
  readonly columns?: number | undefined;
  readonly isTTY?: boolean | undefined;
}

export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
}

export interface Paint {
  good(text: string): string;
  bad(text: string): string;
  dim(text: string): string;
}

const PLAIN: Paint = { good: (text) => text, bad: (text) => text, dim: (text) => text };

const coloured =
  (code: number) =>
  (text: string): string =>
    `\u001b[${code}m${text}\u001b[39;22m`;

const COLOURED: Paint = { good: coloured(32), bad: coloured(31), dim: coloured(2) };

/** Colours on a terminal that can show them, unless NO_COLOR says otherwise. @see https://no-color.org */
export const paintOn = ({ isTTY }: Output, env: NodeJS.ProcessEnv = process.env): Paint =>
  isTTY && !env.NO_COLOR && env.TERM !== "dumb" ? COLOURED : PLAIN;

/** On a terminal, one line that says what is being done; nothing in a pipe. */
export function progressOn(output: Output): { doing(message: string): void; done(): void } {
  const clear = "\r\u001b[2K";
  return {
    doing: (message) => output.isTTY && output.write(`${clear}${message}`),
    done: () => output.isTTY && output.write(clear),
  };
}

/** Columns as wide as what stands in them; those named `right` are numbers. paint gets a cell, padded, and its place. */
export function table(
  rows: readonly (readonly string[])[],
  right: readonly number[],
  paint: (cell: string, row: number, column: number) => string = (cell) => cell,
): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row, r) =>
      row
        .map((cell, c) => {
          const last = c === row.length - 1;
          const padded = right.includes(c) ? cell.padStart(widths[c]!) : last ? cell : cell.padEnd(widths[c]!);
          return paint(padded, r, c);
        })
        .join("  "),
    )
    .map((line) => `  ${line.trimEnd()}\n`)
    .join("");
}
