import { type CompareOptions, compareRuntimes, type ParityReport } from "./compare-runtimes.ts";
import { detailsOf } from "./report/text.ts";

interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

type MatcherOptions = Omit<CompareOptions, "model" | "runtimes">;

/** What `expect(model)` has once it is extended: declare vitest's `Matchers<T>` as extending this. */
export interface ParityMatchers<T> {
  /** Passes when all of the runtimes are there, and agree with the first. */
  toAgreeAcross(runtimes: readonly string[], options: MatcherOptions): Promise<T>;
}

/** For `expect.extend`, of vitest and Jest. */
export const parityMatchers: {
  toAgreeAcross(
    model: string | Uint8Array,
    runtimes: readonly string[],
    options: MatcherOptions,
  ): Promise<MatcherResult>;
} = {
  async toAgreeAcross(model, runtimes, options) {
    const report = await compareRuntimes({ ...options, model, runtimes });
    // A test that names a runtime means it: one that is not there does not agree.
    const missing = report.runtimes.some(({ status }) => status === "unavailable");
    return { pass: report.agrees && !missing, message: () => complaintOf(report) };
  },
};

function complaintOf({ model, reference, runtimes }: ParityReport): string {
  const lines = runtimes.flatMap(({ runtime, status, reason, outputs }) =>
    reason !== undefined
      ? [`  ${runtime} ${status}: ${reason}`]
      : outputs.flatMap((output) => [
          `  ${runtime} "${output.output}" ${output.agrees ? "agrees" : "differs"}`,
          ...detailsOf(output).map((line) => `  ${line}`),
        ]),
  );
  return [`${model.name} against ${reference}:`, ...lines].join("\n");
}
