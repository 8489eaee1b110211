import type { Io } from "../io.ts";
import type { EpochRecord, Progress } from "../training/progress.ts";
import { LiveLine } from "./live-line.ts";
import { type Paint, paintFor } from "./paint.ts";
import { epochLine, progressLine } from "./progress-line.ts";

/** What a person sees of a run: on standard output, or on standard error when that is kept for JSON. */
export class TrainReport {
  readonly paint: Paint;
  readonly #line: LiveLine;

  constructor(io: Io, { json }: { json: boolean }) {
    const output = json ? io.stderr : io.stdout;
    this.paint = paintFor(output, io.env);
    this.#line = new LiveLine(output, io.env);
  }

  get columns(): number {
    return this.#line.columns;
  }

  print(...lines: readonly string[]): void {
    for (const line of lines) this.#line.print(line);
  }

  progress(progress: Progress): void {
    this.#line.show(() => progressLine(progress, this.columns, this.paint));
  }

  epoch(record: EpochRecord, epochs: number): void {
    this.print(epochLine(record, epochs, this.paint));
  }

  /** Names work that takes a moment, and then how long it took; what it gives as text is shown too. */
  async stage<T>(label: string, work: () => Promise<T>): Promise<T> {
    this.#line.clear();
    this.#line.show(() => this.paint.dim(` … ${label}`));
    const started = performance.now();
    const result = await work();
    const seconds = this.paint.dim(`${((performance.now() - started) / 1000).toFixed(1)} s`);
    const detail = typeof result === "string" ? `${result}  ` : "";
    this.print(` ${this.paint.green("✓")} ${label}  ${detail}${seconds}`);
    return result;
  }

  /** Takes away what was only for the moment. */
  close(): void {
    this.#line.clear();
  }
}
