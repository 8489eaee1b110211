import { CrashError, type ParityError, TimeLimitError, UnavailableError } from "./errors.ts";
import { handOver } from "./model/hand-over.ts";
import type { ModelFile } from "./model/model-file.ts";
import type { Environment, Feeds, Opened, Placement } from "./target/protocol.ts";
import { RUNTIMES, type RuntimeSpec } from "./target/runtimes.ts";
import { startTarget } from "./target/start.ts";
import type { Target } from "./target/target.ts";

export interface LaneOptions {
  readonly seconds: number;
  readonly profile: boolean;
  readonly optimise?: boolean;
}

/** Whatever answers for a runtime: the runtime itself, or what it answered before. */
export interface Answering {
  readonly spec: RuntimeSpec;
  readonly label: string;
  /** What the model takes and gives, once it is open; undefined where only answers are known. */
  readonly opened: Opened | undefined;
  readonly environment: Environment;
  readonly restarts: number;
  /** Whether the model has an output that this, by its nature, has not. */
  lacks?(output: string): boolean;
  open(): Promise<Opened>;
  run(feeds: Feeds): Promise<Feeds>;
  /** Releases the model: where its nodes ran, when it was asked for. */
  placement(): Promise<Placement | undefined>;
  stop(): Promise<void>;
}

/** One model on one runtime. A browser that dies is started once more, and goes on where it was. */
export class Lane implements Answering {
  readonly spec: RuntimeSpec;
  readonly #model: ModelFile;
  readonly #options: LaneOptions;
  readonly #start: typeof startTarget;
  #target: Target | undefined;
  #opened: Opened | undefined;
  #environment: Environment = {};
  #restarts = 0;

  constructor(spec: RuntimeSpec, model: ModelFile, options: LaneOptions, start: typeof startTarget = startTarget) {
    this.#start = start;
    this.spec = spec;
    this.#model = model;
    this.#options = options;
  }

  get label(): string {
    return this.spec.label;
  }

  get opened(): Opened | undefined {
    return this.#opened;
  }

  get environment(): Environment {
    return this.#environment;
  }

  get restarts(): number {
    return this.#restarts;
  }

  async open(): Promise<Opened> {
    const { seconds, profile, optimise = true } = this.#options;
    this.#target = await this.#start(this.spec);
    this.#environment = await this.#target.ask({ kind: "describe" });
    const model = await handOver(this.#model, this.spec);
    this.#opened = await this.#target.ask({ kind: "open", ...model, profile, optimise }, seconds);
    return this.#opened;
  }

  async run(feeds: Feeds): Promise<Feeds> {
    const target = this.#target;
    if (!target) throw new Error("bug: the lane was not opened");
    try {
      return await target.ask({ kind: "run", feeds }, this.#options.seconds);
    } catch (error) {
      const again =
        error instanceof CrashError && this.#restarts === 0 && RUNTIMES[this.spec.runtime].place === "browser";
      if (!again) throw error;
      this.#restarts++;
      await this.open();
      return this.run(feeds);
    }
  }

  async placement(): Promise<Placement | undefined> {
    return (await this.#target?.ask({ kind: "close" }, this.#options.seconds))?.placement;
  }

  async stop(): Promise<void> {
    await this.#target?.stop();
  }
}

export type FailedStatus = "unavailable" | "crashed" | "refused";

/** What a runtime's error makes of it. */
export function failedStatusOf(error: ParityError): FailedStatus {
  if (error instanceof UnavailableError) return "unavailable";
  return error instanceof CrashError || error instanceof TimeLimitError ? "crashed" : "refused";
}
