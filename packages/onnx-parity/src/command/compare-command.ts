import type { InferredOptionTypes } from "yargs";
import type { Tolerances } from "../compare/tolerance.ts";
import { compareRuntimes, type Inputs, type ParityReport } from "../compare-runtimes.ts";
import { UsageError } from "../errors.ts";
import { randomInputs } from "../input/random.ts";
import { readInputs } from "../input/read-inputs.ts";
import { textOf } from "../report/text.ts";
import { RUNTIME_NAMES } from "../target/runtimes.ts";
import { DEFAULT_SECONDS } from "../target/target.ts";
import { locateAll } from "./locate-all.ts";
import { extentFrom, pairsOf, rangeFrom, toleranceFrom } from "./pairs.ts";
import { type Io, paintOn, progressOn } from "./terminal.ts";

const many = { type: "string", array: true, requiresArg: true, nargs: 1 } as const;

export const compareOptions = {
  on: {
    type: "string",
    requiresArg: true,
    default: "node-cpu,node-wasm,browser-wasm,browser-webgpu,node-webgpu",
    describe: `Runtimes, with commas between: ${RUNTIME_NAMES.join(", ")}; browser-wasm:2 has two threads`,
  },
  reference: { type: "string", requiresArg: true, describe: "The one the others are held to [default: the first]" },
  require: { type: "boolean", default: false, describe: "A runtime that is not available is a failure" },
  random: { type: "number", requiresArg: true, default: 4, describe: "How many random inputs" },
  seed: { type: "number", requiresArg: true, default: 1, describe: "What the random inputs are drawn from" },
  range: { ...many, describe: "NAME=LOW..HIGH of an input's random values" },
  shape: { ...many, describe: "NAME=EXTENT of an open dimension [default: 1]" },
  inputs: {
    type: "string",
    requiresArg: true,
    describe: "A folder of .npy, .npz or test_data_set_*, not random inputs",
  },
  atol: { ...many, describe: "Largest absolute difference, or OUTPUT=NUMBER for one output" },
  rtol: { ...many, describe: "Largest difference in proportion to the output's scale, or OUTPUT=NUMBER" },
  decisions: { type: "boolean", default: true, describe: "Compare the arg-max of [rows, classes] outputs" },
  repeat: {
    type: "number",
    requiresArg: true,
    default: 1,
    describe: "Run each input so often; the bits must not change",
  },
  profile: { type: "boolean", default: true, describe: "Ask the runtimes where the nodes ran" },
  "time-limit": { type: "number", requiresArg: true, default: DEFAULT_SECONDS, describe: "Seconds for a run" },
  "model-on": { ...many, describe: "RUNTIME=FILE: another model for that runtime, with the same inputs and outputs" },
  locate: {
    type: "string",
    requiresArg: true,
    describe: "Find the first operator that differs, and write it to this folder",
  },
  json: { type: "boolean", default: false, describe: "Print the report as JSON" },
  verbose: { type: "boolean", default: false, describe: "Show the stack of an error" },
} as const;

export type CompareArguments = InferredOptionTypes<typeof compareOptions> & { readonly model: string };

export async function compareCommand(args: CompareArguments, io: Io): Promise<number> {
  requireWhole(args);
  const progress = progressOn(io.stderr);
  progress.doing("starting the runtimes …");
  const models = pairsOf("model-on", args["model-on"], (path) => path || undefined, "RUNTIME=FILE");
  const inputs = inputsFrom(args);
  const tolerance = tolerancesFrom(args);
  const report = await compareRuntimes({
    model: args.model,
    models,
    runtimes: args.on
      .split(",")
      .map((label) => label.trim())
      .filter(Boolean),
    ...(args.reference !== undefined && { reference: args.reference }),
    inputs,
    tolerance,
    decisions: args.decisions,
    repeat: args.repeat,
    profile: args.profile,
    timeLimit: args["time-limit"],
    onRun: (runtime, run) => progress.doing(`input ${run + 1} on ${runtime} …`),
  }).finally(() => progress.done());
  io.stdout.write(args.json ? `${JSON.stringify(report)}\n` : textOf(report, paintOn(io.stdout)));
  if (args.locate !== undefined) {
    const request = {
      model: args.model,
      models,
      inputs,
      tolerance,
      timeLimit: args["time-limit"],
      folder: args.locate,
    };
    io.stdout.write(await locateAll(report, request, args.json, progress));
  }
  return exitCodeOf(report, args.require);
}

/** 0: agree. 1: something differs. 2: something could not run, or nothing was compared. */
export function exitCodeOf({ agrees, runtimes }: ParityReport, require: boolean): number {
  const has = (...statuses: string[]): boolean => runtimes.some(({ status }) => statuses.includes(status));
  if (has("differs") || runtimes.some(({ unsteady = 0 }) => unsteady > 0)) return 1;
  return agrees && !has("crashed", "refused") && !(require && has("unavailable")) ? 0 : 2;
}

function requireWhole(args: CompareArguments): void {
  for (const name of ["random", "repeat"] as const)
    if (!Number.isInteger(args[name]) || args[name] < 1)
      throw new UsageError(`--${name} is ${args[name]}, expected a whole number above 0.`);
  if (!(args["time-limit"] > 0))
    throw new UsageError(`--time-limit is ${args["time-limit"]}, expected a number above 0.`);
}

function inputsFrom(args: CompareArguments): Inputs {
  const { inputs, random: count, seed } = args;
  const ranges = pairsOf("range", args.range, rangeFrom, "NAME=LOW..HIGH as in pixels=0..255");
  const shapes = pairsOf("shape", args.shape, extentFrom, "NAME=EXTENT as in batch=7");
  if (inputs === undefined) return (ports) => randomInputs(ports, { count, seed, ranges, shapes });
  if (args.range || args.shape) throw new UsageError("--range and --shape are for random inputs, not for --inputs.");
  return (ports) => readInputs(inputs, ports);
}

function tolerancesFrom(args: CompareArguments): Tolerances {
  const [atol, rtol] = [toleranceFrom("atol", args.atol), toleranceFrom("rtol", args.rtol)];
  const names = new Set([...Object.keys(atol.outputs), ...Object.keys(rtol.outputs)]);
  return {
    ...(atol.all !== undefined && { atol: atol.all }),
    ...(rtol.all !== undefined && { rtol: rtol.all }),
    outputs: Object.fromEntries(
      [...names].map((name) => [
        name,
        {
          ...(atol.outputs[name] !== undefined && { atol: atol.outputs[name] }),
          ...(rtol.outputs[name] !== undefined && { rtol: rtol.outputs[name] }),
        },
      ]),
    ),
  };
}
