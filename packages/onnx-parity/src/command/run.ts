import { OnnxError } from "@glyphcast/onnx";
import yargs from "yargs";
import { ParityError, UsageError } from "../errors.ts";
import { VERSION } from "../version.ts";
import { compareCommand, compareOptions } from "./compare-command.ts";
import { suiteCommand, suiteOptions } from "./suite-command.ts";
import type { Io } from "./terminal.ts";

/** The `onnx-parity` command. Returns its exit code: 0 agree, 1 differ, 2 could not run. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  let [text, code] = ["", 0];
  const parser = yargs()
    .scriptName("onnx-parity")
    .usage("onnx-parity <command>\n\nDoes this model give the same answer everywhere?")
    .command(
      ["compare <model>", "$0 <model>"],
      "Run a model on several runtimes and compare the answers",
      (command) =>
        command
          .usage(
            "onnx-parity <model.onnx>\n\nRuns a model on several runtimes with the same inputs and compares the answers.",
          )
          .positional("model", { type: "string", demandOption: true, describe: "The .onnx file" })
          .options(compareOptions)
          .example("$0 model.onnx --on node-cpu,browser-wasm --random 4 --shape batch=7", "random inputs, by a seed")
          .example("$0 model.onnx --inputs samples", ".npy, .npz or test_data_set_*"),
      async (args) => {
        code = await compareCommand({ ...args, model: args.model as string }, io);
      },
    )
    .command(
      "suite <folder>",
      "Run ONNX backend tests against their stored outputs",
      (command) =>
        command
          .usage(
            "onnx-parity suite <folder>\n\nRuns ONNX backend tests on several runtimes, against their stored outputs.",
          )
          .positional("folder", {
            type: "string",
            demandOption: true,
            describe: "Holds */model.onnx and test_data_set_*",
          })
          .options(suiteOptions),
      async (args) => {
        code = await suiteCommand({ ...args, folder: args.folder as string }, io);
      },
    )
    .strict()
    .help("help", "Show this help")
    .version("version", "Show the version", VERSION)
    .alias("help", "h")
    .wrap(Math.min(110, io.stdout.columns ?? 110))
    .detectLocale(false)
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new UsageError(message);
    });
  try {
    await parser.parseAsync([...argv], {}, (_error, _args, output) => {
      text = output;
    });
    if (text !== "") io.stdout.write(`${text}\n`);
    return code;
  } catch (error) {
    return explain(error, io, argv.includes("--verbose"));
  }
}

function explain(error: unknown, { stderr }: Io, verbose: boolean): number {
  const known = error instanceof ParityError || error instanceof OnnxError;
  const { message, stack = "" } = error instanceof Error ? error : new Error(String(error));
  const lines = [`error ${message}`];
  if (error instanceof UsageError) lines.push("  onnx-parity --help lists what can be asked for.");
  if (!known) lines.push("  This is not something you did: it is a bug in onnx-parity.");
  if (verbose || !known) lines.push(...stack.split("\n").filter((line) => line.startsWith("    at ")));
  stderr.write(`${lines.join("\n")}\n`);
  return 2;
}
