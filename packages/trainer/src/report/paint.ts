import { styleText } from "node:util";
import type { Io, Output } from "../io.ts";

/** Colours for one output; each function returns its text as it is where colours are not wanted. */
export interface Paint {
  readonly enabled: boolean;
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly green: (text: string) => string;
  readonly red: (text: string) => string;
  readonly cyan: (text: string) => string;
}

/** Colours on a terminal, unless NO_COLOR is set to anything. @see https://no-color.org */
export function paintFor(output: Output, env: Io["env"]): Paint {
  const enabled = output.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb";
  const style =
    (format: "bold" | "dim" | "green" | "red" | "cyan") =>
    (text: string): string =>
      enabled ? styleText(format, text, { validateStream: false }) : text;
  return {
    enabled,
    bold: style("bold"),
    dim: style("dim"),
    green: style("green"),
    red: style("red"),
    cyan: style("cyan"),
  };
}
