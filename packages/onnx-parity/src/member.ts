import type { OutputComparison } from "./compare/output-comparison.ts";
import { sameBits } from "./compare/same-bits.ts";
import type { RuntimeReport } from "./compare-runtimes.ts";
import { ParityError } from "./errors.ts";
import { type Answering, failedStatusOf } from "./lane.ts";
import { SavedLane } from "./saved/saved-lane.ts";
import type { Feeds, Placement } from "./target/protocol.ts";

/** One runtime's part: its lane, what went wrong with it, and what was found. */
export class Member {
  readonly lane: Answering;
  failure: ParityError | undefined;
  /** Outputs that it, or the reference, does not have by its nature. */
  readonly skipped: Set<string> = new Set();
  #placement: Placement | undefined;
  #unsteady: number | undefined;
  #seconds = 0;
  readonly #comparisons = new Map<string, OutputComparison>();

  constructor(lane: Answering) {
    this.lane = lane;
  }

  async attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (this.failure) return undefined;
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ParityError)) throw error;
      this.failure = error;
      return undefined;
    }
  }

  async answer(feeds: Feeds, repeat: number): Promise<Feeds | undefined> {
    const start = performance.now();
    const answer = await this.attempt(async () => {
      const outputs = await this.lane.run(feeds);
      for (let i = 1; i < repeat && !(this.lane instanceof SavedLane); i++) {
        this.#unsteady ??= 0;
        if (!sameBits(outputs, await this.lane.run(feeds))) this.#unsteady++;
      }
      return outputs;
    });
    this.#seconds += (performance.now() - start) / 1000;
    return answer;
  }

  comparison(output: string, make: () => OutputComparison): OutputComparison {
    const known = this.#comparisons.get(output) ?? make();
    this.#comparisons.set(output, known);
    return known;
  }

  async keepPlacement(): Promise<void> {
    this.#placement = await this.attempt(() => this.lane.placement());
  }

  report(isReference: boolean): RuntimeReport {
    const outputs = [...this.#comparisons.values()].map((comparison) => comparison.report());
    const agrees = outputs.length > 0 && outputs.every((output) => output.agrees) && !this.#unsteady;
    return {
      runtime: this.lane.label,
      status: this.failure ? failedStatusOf(this.failure) : isReference ? "reference" : agrees ? "agrees" : "differs",
      ...(this.failure && { reason: "reason" in this.failure ? String(this.failure.reason) : this.failure.message }),
      environment: this.lane.environment,
      ...(this.#placement && Object.keys(this.#placement).length > 0 && { placement: this.#placement }),
      outputs,
      ...(this.skipped.size > 0 && { notCompared: [...this.skipped] }),
      ...(this.#unsteady !== undefined && { unsteady: this.#unsteady }),
      restarts: this.lane.restarts,
      seconds: this.#seconds,
    };
  }
}
