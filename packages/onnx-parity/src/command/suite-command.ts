import type { InferredOptionTypes } from "yargs";
import { UsageError } from "../errors.ts";
import { environmentOf } from "../report/text.ts";
import { runSuite, SUITE_TOLERANCE, type SuiteReport } from "../suite/run-suite.ts";
import { type Io, type Paint, paintOn, progressOn, table } from "./terminal.ts";

export const suiteOptions = {
  on: {
    type: "string",
    requiresArg: true,
    default: "node-cpu,node-wasm,browser-wasm",
    describe: "Runtimes, with commas between",
  },
  only: { type: "string", requiresArg: true, describe: "Run the tests with this in their name" },
  require: { type: "boolean", default: false, describe: "A runtime that is not available is a failure" },
  atol: {
    type: "number",
    requiresArg: true,
    default: SUITE_TOLERANCE.atol,
    describe: "Absolute part of what is allowed",
  },
  rtol: { type: "number", requiresArg: true, default: SUITE_TOLERANCE.rtol, describe: "Part of the expected element" },
  "time-limit": { type: "number", requiresArg: true, default: 20, describe: "Seconds for a data set" },
  json: { type: "boolean", default: false, describe: "Print the report as JSON" },
  verbose: { type: "boolean", default: false, describe: "Name the tests that are not supported, too" },
} as const;

export type SuiteArguments = InferredOptionTypes<typeof suiteOptions> & { readonly folder: string };

/** 0: no test failed. 1: some did. 2: no runtime could be started, or one that is required. */
export async function suiteCommand(args: SuiteArguments, io: Io): Promise<number> {
  for (const name of ["atol", "rtol"] as const)
    if (!(args[name] >= 0)) throw new UsageError(`--${name} is ${args[name]}, expected a number from 0.`);
  if (!(args["time-limit"] > 0))
    throw new UsageError(`--time-limit is ${args["time-limit"]}, expected a number above 0.`);
  const progress = progressOn(io.stderr);
  const report = await runSuite({
    folder: args.folder,
    runtimes: args.on
      .split(",")
      .map((label) => label.trim())
      .filter(Boolean),
    ...(args.only !== undefined && { only: args.only }),
    tolerance: { atol: args.atol, rtol: args.rtol },
    timeLimit: args["time-limit"],
    onTest: (runtime, { name }, done, total) => progress.doing(`${runtime} ${done}/${total} ${name}`),
  }).finally(() => progress.done());
  io.stdout.write(args.json ? `${JSON.stringify(report)}\n` : textOfSuite(report, paintOn(io.stdout), args.verbose));
  const missing = report.runtimes.filter(({ unavailable }) => unavailable !== undefined);
  if (report.runtimes.some(({ failed }) => failed > 0)) return 1;
  return missing.length === report.runtimes.length || (args.require && missing.length > 0) ? 2 : 0;
}

function textOfSuite({ total, runtimes }: SuiteReport, paint: Paint, verbose: boolean): string {
  const rows = runtimes.map(
    ({ runtime, unavailable, passed, failed, unsupported, crashed, seconds, environment = {} }) => [
      runtime,
      ...[passed, failed, unsupported, crashed].map(String),
      `${seconds.toFixed(1)} s`,
      unavailable === undefined ? environmentOf(environment) : `not available: ${unavailable.split("\n")[0]}`,
    ],
  );
  const head = ["runtime", "passed", "failed", "unsupported", "crashed", "time", ""];
  const counts = table([head, ...rows], [1, 2, 3, 4, 5], (cell, row) => (row === 0 ? paint.dim(cell) : cell));
  const shown = verbose ? ["failed", "unsupported"] : ["failed"];
  const lines = runtimes.flatMap(({ runtime, tests }) =>
    tests
      .filter(({ status }) => shown.includes(status))
      .map(
        ({ name, status, detail }) =>
          `  ${runtime} ${name}: ${status === "failed" ? paint.bad(status) : status}\n    ${detail}\n`,
      ),
  );
  return `${total} tests\n\n${counts}${lines.length > 0 ? "\n" : ""}${lines.join("")}`;
}
