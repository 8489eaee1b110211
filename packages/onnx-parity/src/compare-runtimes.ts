import { createHash } from "node:crypto";
import { arch, availableParallelism, cpus, release, type } from "node:os";
import process from "node:process";
import { decodeModel, OnnxError } from "@glyphcast/onnx";
import { OutputComparison, type OutputReport } from "./compare/output-comparison.ts";
import { type Tolerances, toleranceOf } from "./compare/tolerance.ts";
import { CrashError, FileError, NothingComparedError, RefusedError, UsageError } from "./errors.ts";
import { checkFeeds } from "./input/check-feeds.ts";
import type { Answering, FailedStatus } from "./lane.ts";
import { laneOf } from "./lane-of.ts";
import { Member } from "./member.ts";
import { hashExternal, type ModelFile, modelFrom, readExternal } from "./model/model-file.ts";
import type { PicturesReport } from "./pictures/pictures.ts";
import type { SavedOutputs } from "./saved/save-outputs.ts";
import { SavedLane } from "./saved/saved-lane.ts";
import type { Environment, Feeds, Placement, Port } from "./target/protocol.ts";
import { RUNTIME_NAMES, runtimeFrom } from "./target/runtimes.ts";
import { DEFAULT_SECONDS } from "./target/target.ts";
import { VERSION } from "./version.ts";

/** The runs to compare, one after the other; a function gets the model's inputs as the reference describes them. */
export type Inputs =
  | Iterable<Feeds>
  | AsyncIterable<Feeds>
  | ((inputs: readonly Port[]) => Iterable<Feeds> | AsyncIterable<Feeds>);

export interface CompareOptions {
  /** The model, or its file's path. */
  readonly model: Uint8Array | string;
  /** As in "node-cpu", "browser-wasm:2". By default all of them; tfjs where `models` has one for it. */
  readonly runtimes?: readonly string[];
  /** The one that the others are held to. By default the first. */
  readonly reference?: string;
  /** Another model, or its path, for some runtimes: one with the same inputs and outputs. Of tfjs, its model.json. */
  readonly models?: Readonly<Record<string, Uint8Array | string>>;
  readonly inputs: Inputs;
  readonly tolerance?: Tolerances;
  /** Whether an arg-max that moves by more than a tie is a difference. */
  readonly decisions?: boolean;
  /** How often each runtime runs each input; more than once, it must give itself the same bits. */
  readonly repeat?: number;
  /** Runs that a runtime may take to load the model, and for each run. */
  readonly timeLimit?: number;
  /** Whether to ask the runtimes where the nodes ran. */
  readonly profile?: boolean;
  /** Outputs that another machine computed from the same inputs: they are the reference then. */
  readonly saved?: SavedOutputs;
  /** Hears of each run's outputs, of the reference and the others, before they are dropped. */
  readonly onRun?: (runtime: string, run: number, feeds: Feeds, outputs: Feeds) => void | Promise<void>;
}

export interface RuntimeReport {
  readonly runtime: string;
  readonly status: "reference" | "agrees" | "differs" | FailedStatus;
  /** Why it is unavailable, crashed or refused the model. */
  readonly reason?: string;
  readonly environment?: Environment;
  readonly placement?: Placement;
  readonly outputs: readonly OutputReport[];
  /** Outputs that are not there by the runtime's nature, or the reference's: TF.js has a classifier's only one. */
  readonly notCompared?: readonly string[];
  /** With `repeat`: the runs that did not repeat themselves bit for bit. */
  readonly unsteady?: number;
  readonly restarts: number;
  /** Spent in runs. */
  readonly seconds: number;
}

export interface ParityReport {
  readonly version: string;
  /** Where it was compared; each runtime's own environment is with it. */
  readonly machine: Environment;
  readonly model: {
    readonly name: string;
    readonly bytes: number;
    readonly sha256: string;
    /** SHA-256 of each file that it keeps weights in. */
    readonly external?: Readonly<Record<string, string>>;
  };
  readonly reference: string;
  /** What the model takes. */
  readonly ports: readonly Port[];
  /** Inputs that the reference answered. */
  readonly runs: number;
  readonly repeat: number;
  /** With pictures as inputs: what comes before the model. */
  readonly pictures?: PicturesReport;
  /** Whether some runtime was compared and all that were agree. */
  readonly agrees: boolean;
  readonly runtimes: readonly RuntimeReport[];
}

/**
 * Runs a model on several runtimes with the same inputs and compares their answers with the reference's.
 *
 * Inputs are streamed: one run's tensors are in memory at a time. A runtime that crashes, hangs or is not there is
 * reported, and ends nothing but itself.
 *
 * @throws UnavailableError, RefusedError, CrashError or TimeLimitError when the reference cannot answer.
 * @throws InputError when an input does not fit the model.
 * @throws NothingComparedError when there are no inputs.
 */
export async function compareRuntimes(options: CompareOptions): Promise<ParityReport> {
  const model = await modelFrom(options.model);
  const members = (await lanesOf(options, model)).map((lane) => new Member(lane));
  const [first, ...others] = members as [Member, ...Member[]];
  try {
    await Promise.all(members.map((member) => member.attempt(() => member.lane.open())));
    const ports = await portsOf(members, model);
    const runs = await runAll(first, others, ports, options);
    if (runs === 0) throw new NothingComparedError("there were no inputs.");
    for (const member of members) await member.keepPlacement();
    const reports = members.map((member) => member.report(member === first));
    return {
      version: VERSION,
      machine: machine(),
      model: await fingerprintOf(model),
      reference: first.lane.label,
      ports,
      runs,
      repeat: options.repeat ?? 1,
      agrees: agreeAll(reports),
      runtimes: reports,
    };
  } finally {
    await Promise.all(members.map(({ lane }) => lane.stop()));
  }
}

async function fingerprintOf(model: ModelFile): Promise<ParityReport["model"]> {
  const { name, bytes, external } = model;
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { name, bytes: bytes.length, sha256, ...(external.length > 0 && { external: await hashExternal(model) }) };
}

const machine = (): Environment => ({
  system: `${type()} ${release()}`,
  architecture: arch(),
  cpu: cpus()[0]?.model ?? "unknown",
  cores: availableParallelism(),
  node: process.versions.node,
});

/** The reference's first. */
async function lanesOf(options: CompareOptions, model: ModelFile): Promise<Answering[]> {
  const { saved, models = {}, timeLimit = DEFAULT_SECONDS, profile = false } = options;
  const all = RUNTIME_NAMES.filter((name) => name !== "tfjs" || models.tfjs !== undefined);
  const { runtimes = all } = options;
  const reference = saved ? undefined : (options.reference ?? runtimes[0]);
  const labels = [...(reference === undefined ? [] : [reference]), ...runtimes.filter((label) => label !== reference)];
  if (labels.length === 0) throw new UsageError("No runtime is named.");
  if (new Set(labels).size < labels.length) throw new UsageError("A runtime is named twice.");
  for (const label of Object.keys(models))
    if (!labels.includes(label))
      throw new UsageError(`A model is given for ${label}, which is not among the runtimes.`);
  const lanes = labels
    .map(runtimeFrom)
    .map((spec) => laneOf(spec, model, models[spec.label], { seconds: timeLimit, profile }));
  return [...(saved ? [new SavedLane(saved)] : []), ...(await Promise.all(lanes))];
}

/** What the model takes, as the reference says, or where that only has answers the first runtime. */
async function portsOf(members: readonly Member[], model: ModelFile): Promise<readonly Port[]> {
  const [first] = members;
  const live = members.filter(({ lane }) => !(lane instanceof SavedLane));
  if (live[0] === first && first?.failure) {
    // It may only say "protobuf parsing failed"; our own reader knows more.
    if (first.failure instanceof RefusedError || first.failure instanceof CrashError) await explainModel(model);
    throw first.failure;
  }
  const open = live.find(({ lane, failure }) => lane.opened && !failure);
  if (!open) throw live[0]?.failure ?? new Error("bug: no lane is open, and none failed");
  return open.lane.opened!.inputs;
}

/** Some runtime was compared, and none that is here failed. */
const agreeAll = (reports: readonly RuntimeReport[]): boolean =>
  reports.some(({ status, unsteady }) => status === "agrees" || (status === "reference" && unsteady === 0)) &&
  reports.every(
    ({ status, unsteady = 0 }) => ["agrees", "reference", "unavailable"].includes(status) && unsteady === 0,
  );

async function runAll(
  first: Member,
  others: readonly Member[],
  ports: readonly Port[],
  options: CompareOptions,
): Promise<number> {
  const { inputs, repeat = 1, onRun, tolerance = {}, decisions = true } = options;
  let run = 0;
  for await (const feeds of typeof inputs === "function" ? inputs(ports) : inputs) {
    checkFeeds(feeds, ports);
    const expected = await first.answer(feeds, repeat);
    if (!expected) throw first.failure;
    await onRun?.(first.lane.label, run, feeds, expected);
    for (const member of others) {
      const actual = await member.answer(feeds, repeat);
      if (!actual) continue;
      await onRun?.(member.lane.label, run, feeds, actual);
      for (const output of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
        if (first.lane.lacks?.(output) || member.lane.lacks?.(output)) {
          member.skipped.add(output);
          continue;
        }
        const pair = [first.lane.spec.runtime, member.lane.spec.runtime];
        const dtype = expected[output]?.dtype ?? "";
        const rule = { ...toleranceOf(output, dtype, pair, tolerance), relativeTo: "scale", decisions } as const;
        member.comparison(output, () => new OutputComparison(output, rule)).add(actual[output], expected[output]);
      }
    }
    run++;
  }
  return run;
}

async function explainModel(model: ModelFile): Promise<void> {
  const external = await readExternal(model);
  try {
    decodeModel(model.bytes, { external });
  } catch (cause) {
    if (cause instanceof OnnxError) throw new FileError(model.name, cause.message, { cause });
    throw cause;
  }
}
