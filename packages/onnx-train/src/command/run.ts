import { OnnxError } from "@glyphcast/onnx";
import yargs from "yargs";
import { TrainError, UsageError } from "../errors.ts";
import { VERSION } from "../version.ts";
import type { BuildRequest, BuildSummary } from "./build.ts";
import { lossNames, optimiserNames } from "./choices.ts";

/** Where the command writes. */
export interface Io {
  readonly stdout: { write(text: string): unknown; readonly columns?: number | undefined };
  readonly stderr: { write(text: string): unknown };
}

/** The `onnx-train` command. Returns its exit code: 0 for success, 2 for bad usage or input. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  try {
    const request = parse(argv, io);
    if (typeof request === "string") io.stdout.write(`${request}\n`);
    else {
      const { buildFiles } = await import("./build.ts");
      const summary = await buildFiles(request);
      io.stdout.write(request.json ? `${JSON.stringify(summary)}\n` : describe(summary, request));
    }
    return 0;
  } catch (error) {
    return explain(error, io, argv.includes("--verbose"));
  }
}

const options = {
  output: { alias: "o", type: "string", demandOption: true, requiresArg: true, describe: "The folder to write" },
  loss: { choices: lossNames, demandOption: true, describe: "What to minimise" },
  optimiser: { choices: optimiserNames, demandOption: true, describe: "How the weights move" },
  batch: {
    type: "number",
    default: 32,
    requiresArg: true,
    describe: "Examples per step, where the model leaves it open",
  },
  dim: {
    type: "string",
    requiresArg: true,
    describe: "NAME=EXTENT of another dynamic dimension; may be given many times",
  },
  trainable: {
    type: "string",
    requiresArg: true,
    describe: "Names of the initializers to train, with * and ?; may be given many times [default: all]",
  },
  prediction: { type: "string", requiresArg: true, describe: "The output that the loss reads [default: the first]" },
  "label-smoothing": { type: "number", requiresArg: true, describe: "For softmax-cross-entropy, in [0, 1)" },
  "weight-decay": { type: "number", requiresArg: true, describe: "[default: the optimiser's own]" },
  momentum: { type: "number", requiresArg: true, describe: "For sgd [default: 0]" },
  "clip-norm": { type: "number", requiresArg: true, describe: "Largest common norm of the gradients" },
  ema: { type: "number", requiresArg: true, describe: "Keep an average of the weights with this decay" },
  gradients: { type: "boolean", default: false, describe: "Also output the gradient of each parameter" },
  json: { type: "boolean", default: false, describe: "Print what was built as JSON" },
  verbose: { type: "boolean", default: false, describe: "Show the stack of an error" },
} as const;

const share = { holds: (value: number) => value >= 0 && value < 1, expected: "a number from 0 to below 1" };

/** What numbers the options take. */
const RANGES = {
  batch: { holds: (value: number) => Number.isInteger(value) && value > 0, expected: "a whole number above 0" },
  "label-smoothing": share,
  "weight-decay": { holds: (value: number) => value >= 0 && value < Infinity, expected: "a number from 0" },
  momentum: share,
  "clip-norm": { holds: (value: number) => value > 0, expected: "a number above 0" },
  ema: share,
};

/** What the command line asks for: a step to build, or a text to print. @throws UsageError */
function parse(argv: readonly string[], io: Io): (BuildRequest & { readonly json: boolean }) | string {
  let text = "";
  let request: (BuildRequest & { readonly json: boolean }) | undefined;
  const parser = yargs()
    .scriptName("onnx-train")
    .usage("$0 <command>\n\nTraining on stock ONNX Runtime.")
    .command(
      "build <forward>",
      "Turn a forward graph into a training step",
      (command) =>
        command
          .usage(
            "$0 build <forward.onnx> -o <folder>\n\nTurns a forward graph into a training step of ordinary operators.",
          )
          .positional("forward", { type: "string", demandOption: true, describe: "The .onnx file to train" })
          .options(options)
          .example("$0 build net.onnx --loss softmax-cross-entropy --optimiser adamw -o step", "train all of it")
          .example("$0 build net.onnx --loss l1 --optimiser sgd --trainable 'head/*' -o step", "train its head only"),
      ({ forward, output, dim, trainable, ...rest }) => {
        const repeated = Object.entries({ output, ...rest }).find(
          ([name, value]) => name in options && Array.isArray(value),
        );
        if (repeated) throw new UsageError(`--${repeated[0]} is given more than once.`);
        for (const [name, { holds, expected }] of Object.entries(RANGES)) {
          const value = rest[name as keyof typeof RANGES];
          if (value !== undefined && !holds(value))
            throw new UsageError(`--${name} is ${value}, expected ${expected}.`);
        }
        request = {
          ...rest,
          forward: forward as string,
          folder: output,
          dims: dimsOf(dim),
          trainable: trainable === undefined ? [] : [trainable].flat(),
        };
      },
    )
    .demandCommand(1, 1, "Say what to do: build.")
    .strict()
    .help("help", "Show this help")
    .version("version", "Show the version", VERSION)
    .alias("help", "h")
    .wrap(Math.min(100, io.stdout.columns ?? 100))
    .detectLocale(false)
    .exitProcess(false)
    .fail((message, error) => {
      throw error instanceof TrainError ? error : new UsageError(message ?? error.message);
    });
  parser.parseSync([...argv], {}, (_error, _args, output) => {
    text = output;
  });
  return request ?? text;
}

function dimsOf(given: string | readonly string[] | undefined): Record<string, number> {
  const pairs = given === undefined ? [] : [given].flat();
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.lastIndexOf("=");
      const extent = Number(pair.slice(at + 1));
      if (at < 1 || !Number.isInteger(extent) || extent < 1)
        throw new UsageError(`--dim is "${pair}", expected NAME=EXTENT as in height=32.`);
      return [pair.slice(0, at), extent];
    }),
  );
}

function describe({ files, nodes, parameters }: BuildSummary, { loss, optimiser }: BuildRequest): string {
  const lines = files.map(({ path, bytes }) => `  ${path}  ${(bytes / 1024).toFixed(1)} KiB`);
  return `A step of ${loss} with ${optimiser}: ${nodes} nodes, ${parameters.toLocaleString("en")} parameters.\n${lines.join("\n")}\n`;
}

function explain(error: unknown, { stderr }: Io, verbose: boolean): number {
  const known = error instanceof TrainError || error instanceof OnnxError;
  const { message, stack = "" } = error instanceof Error ? error : new Error(String(error));
  const lines = [`error ${message}`];
  if (error instanceof UsageError) lines.push("  onnx-train --help lists what can be asked for.");
  if (!known) lines.push("  This is not something you did: it is a bug in onnx-train.");
  if (verbose || !known) lines.push(...stack.split("\n").filter((line) => line.startsWith("    at ")));
  stderr.write(`${lines.join("\n")}\n`);
  return known ? 2 : 1;
}
