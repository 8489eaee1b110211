import process from "node:process";

/** Where a command writes. */
export interface Output {
  write(text: string): unknown;
  readonly columns?: number | undefined;
  readonly isTTY?: boolean | undefined;
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

export interface Progress {
  /** What takes a while, for whoever watches: nothing in a pipe. */
  doing(message: string): void;
  /** What is worth knowing in any case. */
  say(message: string): void;
  /** Before anything else is written. */
  done(): void;
}

/** On a terminal the last word stands on one line that the next takes. */
export function progressOn(output: Output): Progress {
  const clear = "\r\u001b[2K";
  let shown = false;
  const done = (): void => {
    if (shown) output.write(clear);
    shown = false;
  };
  return {
    doing: (message) => {
      if (!output.isTTY) return;
      output.write(`${clear}${message}`);
      shown = true;
    },
    say: (message) => {
      done();
      output.write(`${message}\n`);
    },
    done,
  };
}
