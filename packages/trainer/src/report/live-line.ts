import type { Io, Output } from "../io.ts";

const CLEAR = "\r\x1b[2K";
/** A faster terminal update is only heat. */
const INTERVAL_MS = 80;

/** Lines that stay, and on a terminal one line below them that changes. */
export class LiveLine {
  readonly isLive: boolean;
  readonly #output: Output;
  #shown = false;
  #lastDrawn = Number.NEGATIVE_INFINITY;

  constructor(output: Output, env: Io["env"]) {
    this.#output = output;
    this.isLive = output.isTTY === true && env.TERM !== "dumb";
  }

  get columns(): number {
    return this.#output.columns ?? 80;
  }

  /** Writes a line that stays. */
  print(line = ""): void {
    this.clear();
    this.#output.write(`${line}\n`);
  }

  /** Shows a line until the next one, a few times a second at most; nothing in a pipe. */
  show(line: () => string): void {
    const now = performance.now();
    if (!this.isLive || now - this.#lastDrawn < INTERVAL_MS) return;
    this.#lastDrawn = now;
    this.#shown = true;
    this.#output.write(CLEAR + line());
  }

  /** Takes the changing line away. */
  clear(): void {
    if (this.#shown) this.#output.write(CLEAR);
    this.#shown = false;
    this.#lastDrawn = Number.NEGATIVE_INFINITY;
  }
}
