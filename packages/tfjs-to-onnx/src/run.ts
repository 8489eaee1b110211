import yargs from "yargs";
import { TfjsError, UsageError } from "./errors.ts";
import { VERSION } from "./version.ts";

/** Where the command writes. */
export interface Io {
  readonly stdout: { write(text: string): unknown; readonly columns?: number | undefined };
  readonly stderr: { write(text: string): unknown };
}

/**
 * The `tfjs-to-onnx` command. Returns its exit code: 0 for success, 2 for bad usage or input. The converter is loaded
 * when there is something to convert, so that `--help` is quick.
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  const began = performance.now();
  try {
    const request = parse(argv, io);
    if (typeof request === "string") io.stdout.write(`${request}\n`);
    else {
      const { convertFile, describe } = await import("./convert-file.ts");
      const summary = await convertFile(request);
      const milliseconds = Math.round(performance.now() - began);
      io.stdout.write(request.json ? `${JSON.stringify({ ...summary, milliseconds })}\n` : describe(summary));
    }
    return 0;
  } catch (error) {
    return explain(error, io, argv.includes("--verbose"));
  }
}

/** What the command line asks for: a conversion, or a text to print. @throws UsageError */
function parse(argv: readonly string[], io: Io) {
  let text = "";
  const parser = yargs()
    .scriptName("tfjs-to-onnx")
    .usage("$0 <model.json> -o <model.onnx>\n\nConverts a TensorFlow.js LayersModel to one .onnx file.")
    .command("$0 <model>", false, (command) =>
      command.positional("model", {
        type: "string",
        demandOption: true,
        describe: "model.json with its weights beside it, or the folder of both",
      }),
    )
    .options(options)
    .example("$0 web/model.json -o model.onnx", "inputs and outputs named as the layers")
    .example("$0 model.json -o digits.onnx --uint8-input 1/255,0 --classifier", "bytes in, probabilities out")
    .example("$0 model.json -o model.onnx --metadata license=MIT --json", "a note in the file, a summary for a script")
    .strict()
    .help("help", "Show this help")
    .version("version", "Show the version", VERSION)
    .alias("help", "h")
    .wrap(Math.min(100, io.stdout.columns ?? 100))
    .detectLocale(false)
    .exitProcess(false)
    .fail((message, error) => {
      throw error instanceof UsageError ? error : new UsageError(message ?? error.message);
    });
  const args = parser.parseSync([...argv], {}, (_error, _args, output) => {
    text = output;
  });
  if (text !== "") return text;
  const { model, output, classifier, temperature, uint8Input, inputLayout, name, metadata, json } = args;
  if (temperature !== undefined && !classifier) throw new UsageError("--temperature needs --classifier.");
  return {
    model: model as string,
    output,
    json,
    options: {
      classifier: classifier && { ...(temperature !== undefined && { temperature }) },
      inputLayout,
      ...(metadata && { metadata }),
      ...(uint8Input && { uint8Input }),
      ...(name !== undefined && { name }),
    },
  };
}

const options = {
  output: {
    alias: "o",
    type: "string",
    demandOption: true,
    requiresArg: true,
    describe: "The file to write; it appears whole or not at all",
  },
  "uint8-input": {
    type: "string",
    requiresArg: true,
    coerce: scaleAndOffset,
    describe: "Take bytes called pixels and compute pixels·SCALE + OFFSET first, as in 1/255,0",
  },
  classifier: {
    type: "boolean",
    default: false,
    describe: "Output logits, probabilities and confidence, the largest of them",
  },
  temperature: {
    type: "string",
    requiresArg: true,
    coerce: temperatureOf,
    describe: "Divide the logits by this before the softmax",
  },
  "input-layout": { choices: ["nhwc", "nchw"] as const, default: "nhwc" as const, describe: "How images come in" },
  name: { type: "string", requiresArg: true, describe: "The graph's name [default: the model's]" },
  metadata: {
    type: "string",
    requiresArg: true,
    coerce: pairsOf,
    describe: "KEY=VALUE to write into the file; may be given many times",
  },
  json: { type: "boolean", default: false, describe: "Print what was done as JSON" },
  verbose: { type: "boolean", default: false, describe: "Show the stack of an error" },
} as const;

/** `0.5` or `1/255`. */
function numberOf(text: string): number {
  const [numerator = "", denominator = "1", ...rest] = text.split("/").map((part) => part.trim());
  return numerator === "" || denominator === "" || rest.length > 0
    ? Number.NaN
    : Number(numerator) / Number(denominator);
}

function scaleAndOffset(text: string): { scale: number; offset: number } {
  const [scale = Number.NaN, offset = 0, ...rest] = text.split(",").map(numberOf);
  if (!Number.isFinite(scale) || !Number.isFinite(offset) || rest.length > 0)
    throw new UsageError(`--uint8-input is "${text}", expected SCALE,OFFSET as in 1/255,0.`);
  return { scale, offset };
}

function temperatureOf(text: string): number {
  const value = numberOf(text);
  if (!(value > 0 && Number.isFinite(value)))
    throw new UsageError(`--temperature is "${text}", expected a number above 0.`);
  return value;
}

function pairsOf(given: string | readonly string[]): Record<string, string> {
  const pairs = [given].flat().map((pair): [string, string] => {
    const at = pair.indexOf("=");
    if (at < 1) throw new UsageError(`--metadata is "${pair}", expected KEY=VALUE.`);
    return [pair.slice(0, at), pair.slice(at + 1)];
  });
  return Object.fromEntries(pairs);
}

function explain(error: unknown, { stderr }: Io, verbose: boolean): number {
  const known = error instanceof TfjsError;
  const { message, stack = "" } = error instanceof Error ? error : new Error(String(error));
  const lines = [`error ${message}`];
  if (error instanceof UsageError) lines.push("  tfjs-to-onnx --help lists what can be asked for.");
  if (!known) lines.push("  This is not something you did: it is a bug in tfjs-to-onnx.");
  if (verbose || !known) lines.push(...stack.split("\n").filter((line) => line.startsWith("    at ")));
  stderr.write(`${lines.join("\n")}\n`);
  return known ? 2 : 1;
}
