import { Readable } from "node:stream";
import type { Io, Output } from "./io.ts";

/** An output that keeps what it is given. */
export interface Screen extends Output {
  readonly text: () => string;
}

export function screen(options: Omit<Output, "write"> = {}): Screen {
  let text = "";
  return {
    ...options,
    write: (part) => {
      text += part;
    },
    text: () => text,
  };
}

/** What a command is run with in a test: nothing of this process. */
export function testIo(
  cwd: string,
  changes: Partial<Io> = {},
): Io & { readonly stdout: Screen; readonly stderr: Screen } {
  return {
    env: {},
    cwd,
    stdin: Readable.from([]),
    signal: new AbortController().signal,
    ...changes,
    stdout: screen(),
    stderr: screen(),
  };
}
