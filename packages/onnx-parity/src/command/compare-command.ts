import { writeFile } from "node:fs/promises";
import type { InferredOptionTypes } from "yargs";
import { type BatchOptions, compareBatches } from "../batch/compare-batches.ts";
import type { Tolerances } from "../compare/tolerance.ts";
import { compareRuntimes, type Inputs, type ParityReport } from "../compare-runtimes.ts";
import { FileError, UsageError } from "../errors.ts";
import { type RandomOptions, randomInputs } from "../input/random.ts";
import { readInputs } from "../input/read-inputs.ts";
import { openPictures, type Pictures, type PicturesReport } from "../pictures/pictures.ts";
import { htmlOf } from "../report/html.ts";
import { junitOf } from "../report/junit.ts";
import { textOf, textOfBatches } from "../report/text.ts";
import { OutputFolder, SavedOutputs } from "../saved/save-outputs.ts";
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
  images: {
    type: "string",
    requiresArg: true,
    describe:
      "A folder of pictures, decoded and prepared by Glyphcast's runtimes as manifest.json beside the model says",
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
  tfjs: { type: "string", requiresArg: true, describe: "The model.json that the .onnx was converted from; adds tfjs" },
  locate: {
    type: "string",
    requiresArg: true,
    describe: "Find the first operator that differs, and write it to this folder",
  },
  batch: {
    type: "string",
    requiresArg: true,
    describe: "1,7,64: does a row's answer depend on how many are in the batch?",
  },
  "save-outputs": { type: "string", requiresArg: true, describe: "Keep the reference's outputs in this folder" },
  "load-outputs": {
    type: "string",
    requiresArg: true,
    describe: "Compare with what --save-outputs kept, on this machine or another",
  },
  junit: { type: "string", requiresArg: true, describe: "Also write a JUnit report to this file" },
  html: { type: "string", requiresArg: true, describe: "Also write a page to this file" },
  json: { type: "boolean", default: false, describe: "Print the report as JSON" },
  verbose: { type: "boolean", default: false, describe: "Show the stack of an error" },
} as const;

export type CompareArguments = InferredOptionTypes<typeof compareOptions> & { readonly model: string };

export async function compareCommand(args: CompareArguments, io: Io): Promise<number> {
  requireWhole(args);
  const progress = progressOn(io.stderr);
  const models = { ...modelsFrom(args["model-on"]), ...(args.tfjs !== undefined && { tfjs: args.tfjs }) };
  const named = args.on.split(",").flatMap((label) => label.trim() || []);
  const runtimes = args.tfjs === undefined || named.includes("tfjs") ? named : [...named, "tfjs"];
  const common = { model: args.model, models, tolerance: tolerancesFrom(args), timeLimit: args["time-limit"] };
  if (args.batch !== undefined) return batchCommand(args, { ...common, runtimes, ...randomOptionsFrom(args) }, io);

  const pictures = await picturesFrom(args, runtimes);
  try {
    const inputs = pictures ? () => pictures.inputs() : inputsFrom(args);
    const keep = args["save-outputs"] === undefined ? undefined : new OutputFolder(args["save-outputs"]);
    progress.doing("starting the runtimes …");
    let heard = "";
    const compared = await compareRuntimes({
      ...common,
      ...{ runtimes, inputs, decisions: args.decisions, repeat: args.repeat, profile: args.profile },
      ...(args.reference !== undefined && { reference: args.reference }),
      ...(args["load-outputs"] !== undefined && { saved: await SavedOutputs.open(args["load-outputs"]) }),
      onRun: async (runtime, run, feeds, outputs) => {
        progress.doing(`input ${run + 1} on ${runtime} …`);
        // The reference answers first.
        heard ||= runtime;
        if (runtime === heard) await keep?.add(feeds, outputs);
      },
    }).finally(() => progress.done());
    const report = pictures ? withPictures(compared, pictures.report()) : compared;
    await keep?.finish(report.model.sha256, heard, report.runtimes[0]?.environment ?? {});
    io.stdout.write(args.json ? `${JSON.stringify(report)}\n` : textOf(report, paintOn(io.stdout)));
    if (args.junit !== undefined) await writeReport(args.junit, junitOf(report));
    if (args.html !== undefined) await writeReport(args.html, htmlOf(report));
    if (args.locate !== undefined)
      io.stdout.write(await locateAll(report, { ...common, inputs, folder: args.locate }, args.json, progress));
    return keep && report.runtimes.length === 1 ? 0 : exitCodeOf(report, args.require);
  } finally {
    await pictures?.close();
  }
}

async function picturesFrom(args: CompareArguments, runtimes: readonly string[]): Promise<Pictures | undefined> {
  if (args.images === undefined) return undefined;
  for (const name of ["inputs", "range", "shape"] as const)
    if (args[name] !== undefined) throw new UsageError(`--${name} and --images are two kinds of inputs; give one.`);
  const browser = runtimes.some((label) => label.startsWith("browser-"));
  return openPictures({ folder: args.images, model: args.model, browser, timeLimit: args["time-limit"] });
}

const withPictures = (report: ParityReport, pictures: PicturesReport): ParityReport => ({
  ...report,
  ...{ pictures, agrees: report.agrees && pictures.agrees },
});

async function writeReport(path: string, text: string): Promise<void> {
  await writeFile(path, text).catch((cause: Error) => {
    throw new FileError(path, `cannot be written: ${cause.message}.`, { cause });
  });
}

async function batchCommand(args: CompareArguments, options: Omit<BatchOptions, "sizes">, io: Io): Promise<number> {
  const sizes = (args.batch ?? "").split(",").map(Number);
  const reports = await compareBatches({ ...options, sizes });
  io.stdout.write(args.json ? `${JSON.stringify(reports)}\n` : textOfBatches(reports, paintOn(io.stdout)));
  if (reports.some(({ status }) => status === "differs")) return 1;
  const lost = reports.filter(({ status }) => status !== "agrees");
  const only = lost.every(({ status }) => status === "unavailable");
  return lost.length === 0 || (only && !args.require && lost.length < reports.length) ? 0 : 2;
}

/** 0: agree. 1: something differs. 2: something could not run, or nothing was compared. */
export function exitCodeOf({ agrees, runtimes, pictures }: ParityReport, require: boolean): number {
  const has = (...statuses: string[]): boolean => runtimes.some(({ status }) => statuses.includes(status));
  if (has("differs") || pictures?.agrees === false || runtimes.some(({ unsteady = 0 }) => unsteady > 0)) return 1;
  const missing = has("unavailable") || pictures?.unavailable !== undefined;
  return agrees && !has("crashed", "refused") && !(require && missing) ? 0 : 2;
}

function requireWhole(args: CompareArguments): void {
  if (args.locate !== undefined && args["load-outputs"] !== undefined)
    throw new UsageError("--locate needs both runtimes here, not --load-outputs.");
  for (const name of ["random", "repeat"] as const)
    if (!Number.isInteger(args[name]) || args[name] < 1)
      throw new UsageError(`--${name} is ${args[name]}, expected a whole number above 0.`);
  if (!Number.isInteger(args.seed)) throw new UsageError(`--seed is ${args.seed}, expected a whole number.`);
  if (!(args["time-limit"] > 0))
    throw new UsageError(`--time-limit is ${args["time-limit"]}, expected a number above 0.`);
}

/** Runtimes have no `=` in their names, and paths may. */
function modelsFrom(given: readonly string[] | undefined): Record<string, string> {
  return Object.fromEntries(
    (given ?? []).map((pair) => {
      const [, runtime, path] = /^([^=]+)=(.+)$/s.exec(pair) ?? [];
      if (!runtime || !path) throw new UsageError(`--model-on is "${pair}", expected RUNTIME=FILE.`);
      return [runtime, path];
    }),
  );
}

function randomOptionsFrom({ seed, range, shape }: CompareArguments): Required<Omit<RandomOptions, "count">> {
  return {
    seed,
    ranges: pairsOf("range", range, rangeFrom, "NAME=LOW..HIGH as in pixels=0..255"),
    shapes: pairsOf("shape", shape, extentFrom, "NAME=EXTENT as in batch=7"),
  };
}

function inputsFrom(args: CompareArguments): Inputs {
  const { inputs, random: count } = args;
  const options = randomOptionsFrom(args);
  if (inputs === undefined) return (ports) => randomInputs(ports, { count, ...options });
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
