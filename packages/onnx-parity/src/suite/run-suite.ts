import { readdir } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { OutputComparison } from "../compare/output-comparison.ts";
import type { Tolerance } from "../compare/tolerance.ts";
import {
  CrashError,
  FileError,
  NothingComparedError,
  ParityError,
  RefusedError,
  TimeLimitError,
  UnavailableError,
  UsageError,
} from "../errors.ts";
import { byPlace, dataSetsIn, readProtos } from "../input/backend-test.ts";
import { handOver } from "../model/hand-over.ts";
import { modelFrom } from "../model/model-file.ts";
import type { Environment, Opened } from "../target/protocol.ts";
import { type RuntimeSpec, runtimeFrom } from "../target/runtimes.ts";
import { startTarget } from "../target/start.ts";
import type { Target } from "../target/target.ts";
import { saysUnsupported } from "./unsupported.ts";

export interface SuiteOptions {
  /** Holds folders with a `model.onnx` and `test_data_set_*` in them, at any depth. */
  readonly folder: string;
  readonly runtimes: readonly string[];
  /** A part of a test's name; the others are left out. */
  readonly only?: string;
  /** NumPy's rule, as ONNX's own runner has it: |a − e| ≤ atol + rtol·|e|. */
  readonly tolerance?: Tolerance;
  /** Seconds that a runtime may take to load a model, and for each data set. */
  readonly timeLimit?: number;
  readonly onTest?: (runtime: string, test: SuiteTest, done: number, total: number) => void;
}

export interface SuiteTest {
  readonly name: string;
  readonly status: "passed" | "failed" | "unsupported";
  /** What went wrong, or what is not supported; empty when it passed. */
  readonly detail: string;
}

export interface SuiteRuntime {
  readonly runtime: string;
  /** Why it could not be started; then there are no tests. */
  readonly unavailable?: string;
  readonly environment?: Environment;
  readonly passed: number;
  readonly failed: number;
  readonly unsupported: number;
  /** Tests that brought the runtime down; they are among the failed. */
  readonly crashed: number;
  readonly seconds: number;
  readonly tests: readonly SuiteTest[];
}

export interface SuiteReport {
  readonly folder: string;
  readonly total: number;
  readonly runtimes: readonly SuiteRuntime[];
}

/** What ONNX's own backend tests allow. */
export const SUITE_TOLERANCE: Tolerance = { atol: 1e-7, rtol: 1e-3 };

/**
 * Runs ONNX backend tests on every runtime, against the outputs stored with them. A test that crashes or hangs a
 * runtime has failed, and the next finds it started anew.
 */
export async function runSuite(options: SuiteOptions, start: typeof startTarget = startTarget): Promise<SuiteReport> {
  const { folder, runtimes, only = "" } = options;
  const names = (await testsIn(folder)).filter((name) => name.includes(only));
  if (names.length === 0)
    throw new NothingComparedError(`there is no test in ${folder}${only && ` whose name has "${only}" in it`}.`);
  const specs = runtimes.map(runtimeFrom);
  if (specs.some(({ runtime }) => runtime === "tfjs")) throw new UsageError("tfjs runs no .onnx, and so no suite.");
  const reports = await Promise.all(specs.map((spec) => runOn(new Bench(spec, start), names, options)));
  return { folder, total: names.length, runtimes: reports };
}

/** The folders that hold a `model.onnx`, by their paths with `/` between. */
async function testsIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((cause) => {
    throw new FileError(folder, cause.code === "ENOENT" ? "there is no such folder." : cause.message, { cause });
  });
  return entries
    .filter(({ name }) => name === "model.onnx")
    .map(({ parentPath }) => relative(folder, parentPath).split(sep).join("/"))
    .sort();
}

async function runOn(bench: Bench, names: readonly string[], options: SuiteOptions): Promise<SuiteRuntime> {
  const { label } = bench.spec;
  const start = performance.now();
  const tests: SuiteTest[] = [];
  let unavailable: string | undefined;
  try {
    for (const name of names) {
      const test = { name, ...(await judge(bench, join(options.folder, name), options)) };
      tests.push(test);
      options.onTest?.(label, test, tests.length, names.length);
    }
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    unavailable = error.reason;
  } finally {
    await bench.stop();
  }
  const count = (status: SuiteTest["status"]): number => tests.filter((test) => test.status === status).length;
  return {
    runtime: label,
    ...(unavailable !== undefined && { unavailable }),
    environment: bench.environment,
    passed: count("passed"),
    failed: count("failed"),
    unsupported: count("unsupported"),
    crashed: bench.crashes,
    seconds: (performance.now() - start) / 1000,
    tests,
  };
}

const RESTARTS = 3;

/** A runtime that is started when it is needed, and again after each crash. */
class Bench {
  readonly spec: RuntimeSpec;
  readonly #start: typeof startTarget;
  #target: Target | undefined;
  #lost: CrashError | undefined;
  environment: Environment = {};
  crashes = 0;

  constructor(spec: RuntimeSpec, start: typeof startTarget) {
    this.spec = spec;
    this.#start = start;
  }

  /** @throws UnavailableError when it does not start at first. @throws CrashError when it no longer does. */
  async target(): Promise<Target> {
    if (this.#lost) throw this.#lost;
    this.#target ??= this.crashes === 0 ? await this.#start(this.spec) : await this.#startAgain();
    this.environment = await this.#target.ask({ kind: "describe" });
    return this.#target;
  }

  /** A machine that is busy with what has crashed may need another moment. */
  async #startAgain(): Promise<Target> {
    let reason = "";
    for (let attempt = 0; attempt < RESTARTS; attempt++) {
      try {
        return await this.#start(this.spec);
      } catch (error) {
        if (!(error instanceof UnavailableError)) throw error;
        reason = error.reason;
      }
    }
    this.#lost = new CrashError(this.spec.label, `it did not start again. ${reason}`);
    throw this.#lost;
  }

  async crashed(): Promise<void> {
    if (this.#lost) return;
    this.crashes++;
    await this.stop();
  }

  async stop(): Promise<void> {
    await this.#target?.stop();
    this.#target = undefined;
  }
}

async function judge(bench: Bench, folder: string, options: SuiteOptions): Promise<Omit<SuiteTest, "name">> {
  try {
    const problems = await problemsOf(bench, folder, options);
    return { status: problems.length === 0 ? "passed" : "failed", detail: problems.join("; ") };
  } catch (error) {
    if (!(error instanceof ParityError) || error instanceof UnavailableError) throw error;
    if (error instanceof RefusedError)
      return { status: saysUnsupported(error.reason) ? "unsupported" : "failed", detail: shorten(error.reason) };
    if (error instanceof CrashError || error instanceof TimeLimitError) await bench.crashed();
    return { status: "failed", detail: shorten(error.message) };
  }
}

async function problemsOf(bench: Bench, folder: string, options: SuiteOptions): Promise<string[]> {
  const { tolerance = SUITE_TOLERANCE, timeLimit = 20 } = options;
  const target = await bench.target();
  const model = await handOver(await modelFrom(join(folder, "model.onnx")), bench.spec);
  const ports = await target.ask({ kind: "open", ...model }, timeLimit);
  refuseOtherThanTensors(target.name, ports);
  const sets = await dataSetsIn(folder);
  if (sets.length === 0) return ["there is no test_data_set_* beside the model"];
  const problems: string[] = [];
  for (const set of sets) {
    const feeds = byPlace(await readProtos(set, "input"), ports.inputs);
    const actual = await target.ask({ kind: "run", feeds }, timeLimit);
    const expected = byPlace(await readProtos(set, "output"), ports.outputs);
    if (Object.keys(expected).length === 0) problems.push("there is no output to compare with");
    for (const [name, tensor] of Object.entries(expected)) {
      const rule = { ...tolerance, relativeTo: "element", decisions: false, emptyAgrees: true } as const;
      const comparison = new OutputComparison(name, rule);
      comparison.add(actual[name], tensor);
      const { problems: found, worst, maxAbs } = comparison.report();
      if (found.length === 0) continue;
      const where =
        worst && `, worst at [${worst.index}]: ${worst.actual}, expected ${worst.expected} (${maxAbs} apart)`;
      problems.push(`output "${name}": ${found.join(", ")}${where ?? ""}`);
    }
  }
  return problems;
}

/** Sequences, maps and optionals: onnxruntime has them, its JavaScript API does not. */
function refuseOtherThanTensors(runtime: string, { inputs, outputs }: Opened): void {
  const other = [...inputs, ...outputs].find(({ dtype }) => dtype === undefined);
  if (other) throw new RefusedError(runtime, `"${other.name}" is no tensor, which is not supported.`);
}

/** The first line that says something, without the paths of onnxruntime's own sources. */
const shorten = (message: string): string =>
  message
    .replace(/\/onnxruntime_src\/\S+ /g, "")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .join(" ")
    .slice(0, 300);
