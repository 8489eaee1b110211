import type { Answering } from "../lane.ts";
import type { Environment, Feeds, Opened } from "../target/protocol.ts";
import { type RuntimeSpec, runtimeFrom } from "../target/runtimes.ts";
import type { SavedOutputs } from "./save-outputs.ts";

/** Answers with what another machine computed, run after run. */
export class SavedLane implements Answering {
  readonly spec: RuntimeSpec;
  readonly label: string;
  readonly opened = undefined;
  readonly restarts = 0;
  readonly #saved: SavedOutputs;
  #run = 0;

  constructor(saved: SavedOutputs) {
    this.#saved = saved;
    this.spec = runtimeFrom(saved.index.runtime);
    this.label = `saved:${saved.index.runtime}`;
  }

  get environment(): Environment {
    return this.#saved.index.environment;
  }

  /** What TF.js did not answer there, it does not have. */
  lacks(output: string): boolean {
    const { runtime, outputs } = this.#saved.index;
    return runtime === "tfjs" && !outputs.includes(output);
  }

  async open(): Promise<Opened> {
    return { inputs: [], outputs: [] };
  }

  run(feeds: Feeds): Promise<Feeds> {
    return this.#saved.run(this.#run++, feeds);
  }

  async placement(): Promise<undefined> {}
  async stop(): Promise<void> {}
}
